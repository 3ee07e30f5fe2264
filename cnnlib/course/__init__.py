"""The course around the library: its chapters, and what all of them share.

- `chapters`: the one list of the chapters
- ``padding_and_stride`` and so on: a room for each chapter, named after its notebook
- `judge`: exercises that check an answer and name what is wrong with it
- `drawing`: the toolkit of the figures
- `widgets`: things to play with in the browser
- `tools`: the reader's own copy of the notebooks, and what keeps the notebooks sound

The library knows nothing of the course: no module of it imports anything from here.
"""
