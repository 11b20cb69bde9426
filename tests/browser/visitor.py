"""What a visitor does, and a photo that no sample shows."""

import io
import re

import numpy as np
from PIL import Image

from tests.browser.conftest import settled

BARS = "[data-testid=stHtml] ol li"  # of the classify page's answer


def go(page, path) -> None:
    """To another address of the app without leaving the visit, as the back button does it: a tenth of the work."""
    show = "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')); }"
    page.evaluate(show, f"{path}{'&' if '?' in path else '?'}unknown=1")
    # At its end the script writes the address anew.
    page.wait_for_function("() => !location.search.includes('unknown')")
    settled(page)


def photo(seed=0, size=(320, 240), kind="JPEG"):
    """Bytes of a picture that no sample shows."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(buffer, kind, quality=95)
    return buffer.getvalue()


def sidebar_is_folded(page) -> bool:
    return page.get_by_test_id("stSidebar").get_attribute("data-collapsed") == "true"


def upload(page, *files):
    """Through the file chooser, as a person does it."""
    with page.expect_file_chooser() as chooser:
        place = ".st-key-upload_here" if sidebar_is_folded(page) else "[data-testid=stSidebar]"
        page.locator(place).get_by_test_id("stFileUploaderDropzone").first.locator("button").click()
    chooser.value.set_files([{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files])
    settled(page)


def choose(page, label, text):
    """Type into a select box and take what is found, as a person does."""
    box = page.get_by_role("combobox", name=re.compile(label))
    box.click()
    box.fill(text)
    page.get_by_role("option", name=text).first.click()
    settled(page)
