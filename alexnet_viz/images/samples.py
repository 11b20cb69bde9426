"""The sample photos that come with the app; assets/SOURCES.md tells the same of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from alexnet_viz.errors import ImageError

FOLDER = Path(__file__).parents[2] / "assets" / "samples"


@dataclass(frozen=True)
class Sample:
    """One photo: its key in the address, what to say of it, and whose it is."""

    key: str
    title: str
    alt: str
    credit: str
    licence: str
    source: str

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.key}.jpg"


SAMPLES = (  # the first opens the app: the bundled weights know it best (tests/network/test_bundled.py)
    Sample(
        "coffee",
        "A cup of espresso",
        "A half-full espresso cup with a spoon on a red saucer, on a wooden table",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar",
        "CC0",
        "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data.coffee",
    ),
    Sample(
        "cat",
        "Chelsea, a cat",
        "A tabby cat's face with green eyes, close up, turned a little to the right",
        "Stéfan van der Walt",
        "CC0",
        "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data.chelsea",
    ),
    Sample(
        "rocket",
        "A rocket at dusk",
        "A slender white rocket on its floodlit launch pad at dusk, between four lattice towers",
        "SpaceX",
        "public domain",
        "https://www.flickr.com/photos/spacexphotos/16511594820/",
    ),
    Sample(
        "astronaut",
        "Astronaut Eileen Collins",
        "A smiling astronaut in an orange pressure suit, her helmet beside her, a flag and a model shuttle behind",
        "NASA",
        "public domain",
        "https://flic.kr/p/r9qvLn",
    ),
    Sample(
        "flower",
        "A dahlia",
        "A round orange dahlia before dark green leaves, a second one cut off below it",
        "vultilion on Flickr",
        "CC BY 2.0",
        "https://www.flickr.com/photos/vultilion/6056698931/",
    ),
    Sample(
        "temple",
        "The Summer Palace",
        "A Chinese pavilion of several storeys above trees, a wide lake behind it",
        "danielbuechele on Flickr",
        "CC BY 2.0",
        "https://www.flickr.com/photos/danielbuechele/6061409035/",
    ),
    Sample(
        "raccoon",
        "A raccoon",
        "A raccoon lying among long green leaves, looking at the camera",
        "public-domain-image.com",
        "public domain",
        "https://pixnio.com/fauna-animals/raccoons/raccoon-procyon-lotor",
    ),
    Sample(
        "hopper",
        "Grace Hopper",
        "An officer in navy uniform with cap, glasses and medal ribbons, before a flag",
        "James S. Davis, US Navy",
        "public domain",
        "https://commons.wikimedia.org/wiki/File:Grace_Hopper.jpg",
    ),
)


@lru_cache(maxsize=len(SAMPLES))
def sample(key: str) -> tuple[bytes, str]:
    """A sample's bytes and file name; ImageError when there is none of that key."""
    for sample in SAMPLES:
        if sample.key == key:
            return sample.file.read_bytes(), sample.file.name
    raise ImageError(f"There is no sample photo {key!r}: choose one of {', '.join(sample.key for sample in SAMPLES)}.")
