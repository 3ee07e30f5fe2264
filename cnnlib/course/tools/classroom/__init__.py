"""A class on one machine: JupyterHub, an account of the system for each member, and their limits.

- ``README.md`` is the page for whoever runs the class.
- ``hub/jupyterhub_config.py`` is JupyterHub's configuration, to be used as it is or copied.
- ``start.py`` is what JupyterHub starts for a member, with that member's rights.
- ``people.py`` makes the accounts, collects the notebooks, and removes the accounts.

``sudo python -m cnnlib.course.tools.classroom`` lists what there is. It needs Linux.
"""
