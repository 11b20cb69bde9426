"""The app: ``streamlit run app.py``. Its shell is a script beside the pages' shared parts.

Were the shell this very file, Streamlit would look for pages of its own making in pages/ on a fresh server, and tell
the first visitor who comes with a deep link that there is no such page.
"""

import sys
from pathlib import Path

from starlette.middleware import Middleware
from streamlit.starlette import App

from alexnet_viz.components import mount
from alexnet_viz.errors import StoreError
from alexnet_viz.ui import follow, roles
from alexnet_viz.ui.compression import CompressedFiles
from alexnet_viz.ui.fonts import CutFonts
from alexnet_viz.ui.security_middleware import SecurityMiddleware
from alexnet_viz.ui.shared.photo_store import shared_store
from alexnet_viz.ui.training import feed
from alexnet_viz.ui.units import map_feed
from alexnet_viz.ui.upload_limits import UploadLimits
from alexnet_viz.ui.welcome import welcome

try:  # at the start, not at somebody's upload
    shared_store()
except StoreError as error:
    sys.exit(str(error))

shell = Path(__file__).parent / "alexnet_viz" / "ui" / "shell.py"
routes = [*mount.routes(), *feed.routes(), *map_feed.routes(), *roles.routes(), *follow.routes()]
middleware = [Middleware(part) for part in (SecurityMiddleware, UploadLimits, CompressedFiles, CutFonts)]
app = App(shell, routes=routes, lifespan=welcome, middleware=middleware)
