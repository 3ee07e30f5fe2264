"""Check the work of a class: ``python -m cnnlib check FOLDER``.

- ``submission.py`` reads one submitted notebook, and finds the cells that an exercise needs.
- ``worker.py`` runs those cells, in a process of its own, and judges the answers.
- ``collect.py`` finds the notebooks in a folder, starts the workers and waits for them.
- ``report.py`` writes what they found as a CSV file and as a page to read.

It is made for teaching, not for exams. ``report.LIMITS`` says what it does not protect from.
"""
