"""The course as pages of a browser: no kernel, no server, nothing from another host."""
