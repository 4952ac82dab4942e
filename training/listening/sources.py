"""Where free recordings come from: packages of Debian (`main`), and those beside the checkout.

Train and test have no package in common but two, which are divided by what is inside: `hedgewars-data` by voice (its
music and sounds are for training), and `lomiri-sounds` file by file. All are used on the spot, none is passed on;
`licence` tells what each package's copyright file says of its sound.
"""

from dataclasses import dataclass
from enum import StrEnum

SHARED = "shared/audio"
"""Stands for a package: the recordings beside the checkout."""


class Kind(StrEnum):
    """What a source holds."""

    SPEECH = "speech"
    MUSIC = "music"
    SINGING = "singing"
    """Voices without instruments; they count as music."""
    RINGTONE = "ringtone"
    """They count as music."""
    NOISE = "noise"


class Split(StrEnum):
    """What a source is for."""

    TRAIN = "train"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Source:
    """Some files of one package."""

    name: str
    kind: Kind
    split: Split
    package: str
    patterns: tuple[str, ...]
    """Paths in the package, or in the folder of shared recordings, as `fnmatch` reads them: `*` crosses folders."""
    licence: str
    files: int = 60
    """At most so many, drawn by chance."""
    seconds: float = 60.0
    """At most so much of each."""
    skip: float = 0.0
    """Seconds left out at the start of files that are longer than that by half a minute."""
    least: float = 1.5
    """Shorter ones are left out, seconds."""
    turn: int | None = None
    """Of the files in order of their names, those of odd (1) or even (0) places; None takes all."""


def _talk(
    name: str,
    split: Split,
    package: str,
    pattern: str,
    licence: str,
    *,
    files: int = 250,
    seconds: float = 20.0,
    least: float = 1.0,
) -> Source:
    return Source(name, Kind.SPEECH, split, package, (pattern,), licence, files, seconds, least=least)


def _music(
    name: str,
    split: Split,
    package: str,
    pattern: str,
    licence: str,
    *,
    files: int = 40,
    seconds: float = 60.0,
    least: float = 4.0,
) -> Source:
    return Source(
        name, Kind.MUSIC, split, package, (pattern,), licence, files, seconds, skip=8.0, least=least
    )


def _other(
    name: str,
    kind: Kind,
    split: Split,
    package: str,
    *patterns: str,
    licence: str,
    turn: int | None = None,
    seconds: float = 20.0,
    least: float = 1.0,
) -> Source:
    return Source(name, kind, split, package, patterns, licence, 60, seconds, least=least, turn=turn)


_TRAIN, _TEST = Split.TRAIN, Split.TEST
_ASTERISK = "CC-BY-SA 3.0"
_GPL = "GPL-2+"
_HEDGEWARS = "GPL-2, CC-BY-SA 3.0"
_VOICES = "*/Sounds/voices/"
_SHARED = "CC BY 4.0 and free, see SOURCES.md there"

SPEECH = (
    _talk("asterisk_fr", _TRAIN, "asterisk-core-sounds-fr-g722", "*/fr_CA_f_June/*.g722", _ASTERISK),
    _talk("asterisk_ru", _TRAIN, "asterisk-core-sounds-ru-g722", "*/ru_RU_f_IvrvoiceRU/*.g722", _ASTERISK),
    _talk("asterisk_es_co", _TRAIN, "asterisk-prompt-es-co", "*/sounds/es/*.gsm", _GPL),
    _talk("asterisk_armelle", _TRAIN, "asterisk-prompt-fr-armelle", "*/sounds/fr/*.gsm", _GPL),
    _talk("asterisk_menardi", _TRAIN, "asterisk-prompt-it-menardi-wav", "*/it_IT_f_Menardi/*.wav", _ASTERISK),
    _talk("fillets_cs", _TRAIN, "fillets-ng-data-cs", "*/sound/*.ogg", _GPL, files=400),
    _talk("fillets_nl", _TRAIN, "fillets-ng-data-nl", "*/sound/*.ogg", _GPL, files=400),
    *(
        _talk(f"hedgewars_{voice.lower()}", _TRAIN, "hedgewars-data", f"{_VOICES}{voice}/*.ogg", _HEDGEWARS)
        for voice in (
            "British",
            "Classic",
            "Default_uk",
            "HillBilly",
            "Pirate",
            "Russian",
            "Russian_pl",
            "Surfer",
        )
    ),
    *(
        _talk(f"ktuberling_{language}", _TRAIN, "ktuberling-data", f"*/sounds/{language}/*", _GPL, least=0.7)
        for language in ("ca", "da", "el", "fr", "lt", "nn", "ru", "uk")
    ),
    *(
        _talk(
            f"tuxpaint_{language}",
            _TRAIN,
            "tuxpaint-stamps-default",
            f"*_desc_{language}.ogg",
            _GPL,
            least=0.8,
        )
        for language in ("be", "bg", "ca", "da", "el", "es", "fr", "ro", "ru")
    ),
    _talk("boswars", _TRAIN, "boswars-data", "*/campaigns/tutorial/*.wav", _GPL),
    _talk("asterisk_en", _TEST, "asterisk-core-sounds-en-g722", "*/en_US_f_Allison/*.g722", _ASTERISK),
    _talk("asterisk_es", _TEST, "asterisk-core-sounds-es-g722", "*/es_MX_f_Allison/*.g722", _ASTERISK),
    _talk("asterisk_it", _TEST, "asterisk-core-sounds-it-g722", "*/it_IT_m_Carlo/*.g722", _ASTERISK),
    _talk("hedgewars_mobster", _TEST, "hedgewars-data", f"{_VOICES}Mobster/*.ogg", _HEDGEWARS),
    _talk("hedgewars_default_es", _TEST, "hedgewars-data", f"{_VOICES}Default_es/*.ogg", _HEDGEWARS),
    _talk("librivox", _TEST, "pocketsphinx-testdata", "*/librivox/*.wav", "BSD-2, public domain"),
    _talk("unknown_horizons", _TEST, "unknown-horizons", "*/audio/voice/*.ogg", "CC-BY-SA 3.0"),
    _talk("voicebank", _TEST, SHARED, "speech16k/clean/*.wav", _SHARED),
    _talk("full_band", _TEST, SHARED, "fullband/[ap]*", _SHARED),
)

MUSIC = (
    _music("wesnoth", _TRAIN, "wesnoth-1.16-music", "*/music/*.ogg", _GPL, seconds=90),
    _music("warzone", _TRAIN, "warzone2100-music", "*/music/*.opus", "CC0, GPL-2+", seconds=90),
    _music("hedgewars_music", _TRAIN, "hedgewars-data", "*/Data/Music/*.ogg", _HEDGEWARS),
    _music("asc", _TRAIN, "asc-music", "*/music/*.mp3", _GPL, seconds=120),
    _music("frozen_bubble", _TRAIN, "frozen-bubble-data", "*/snd/*.ogg", _GPL, least=20),
    _music("supertux", _TRAIN, "supertux-data", "*/music/*.ogg", "GPL-2+, CC-BY-SA"),
    _music("supertuxkart", _TRAIN, "supertuxkart-data", "*/data/music/*.ogg", "CC0, CC-BY(-SA)"),
    _music("lincity", _TRAIN, "lincity-ng-data", "*/music/*.ogg", _GPL, seconds=120),
    _music(
        "muldjord", _TRAIN, "fretsonfire-songs-muldjord", "*/song.ogg", "free, see copyright", seconds=150
    ),
    _music("planet_blupi", _TRAIN, "planetblupi-music-ogg", "*/music/*.ogg", "GPL-3+", seconds=120),
    _music("hyperrogue", _TRAIN, "hyperrogue-music", "*/music/*.ogg", "CC-BY-SA 3.0"),
    _music("pushover", _TRAIN, "pushover-data", "*/themes/*.ogg", "GPL-3+", seconds=90),
    _music("trackballs", _TRAIN, "trackballs-data", "*/music/*.ogg", "Ethymonics Free Music", seconds=90),
    _music("flare", _TRAIN, "flare-game", "*/music/*.ogg", "CC-BY-SA 3.0"),
    _music("freedroid", _TRAIN, "freedroidrpg-data", "*/sound/music/*.ogg", "GPL-2+, CC0"),
    _music("megaglest", _TRAIN, "megaglest-data", "*/music/*.ogg", "CC-BY-SA 3.0", seconds=90),
    _music("colobot", _TRAIN, "colobot-common-sounds", "*/music/*.ogg", "GPL-3+"),
    _music("widelands", _TRAIN, "widelands-data", "*/music/*.ogg", "GPL-2+, CC-BY-SA"),
    _music("fillets_music", _TRAIN, "fillets-ng-data", "*/music/*.ogg", _GPL),
    _music("noiz2sa", _TRAIN, "noiz2sa-data", "*/sounds/*.ogg", "free, see copyright"),
    _music("scratch_loops", _TRAIN, "scratch", "*/Sounds/Music Loops/*", "CC-BY-SA 3.0"),
    _music("sonic_pi_loops", _TRAIN, "sonic-pi-samples", "*/samples/loop_*.flac", "CC0", least=1),
    _music("sonic_pi_guitar", _TRAIN, "sonic-pi-samples", "*/samples/guit_*.flac", "CC0", least=1),
    _music("singularity", _TEST, "singularity-music", "*/music/*.ogg", _GPL, seconds=90),
    _music("tux_racer", _TEST, "extremetuxracer-data", "*/music/*.ogg", _GPL),
    _music("sectoid", _TEST, "fretsonfire-songs-sectoid", "*/song.ogg", "free, see copyright", seconds=150),
    _music("hold_music", _TEST, "asterisk-moh-opsound-g722", "*/moh/*.g722", "CC-BY-SA 3.0", seconds=120),
    _music("drascula", _TEST, "drascula-music", "*/drascula/audio/*.ogg", "free, see copyright"),
    _music("xmoto", _TEST, "xmoto-data", "*/Musics/*.ogg", _GPL),
    _music("horizons_music", _TEST, "unknown-horizons", "*/audio/music/*.ogg", "CC-BY-SA 3.0"),
    _music("song", _TEST, SHARED, "music_stems/mixture.flac", _SHARED),
    Source(
        "stems",
        Kind.MUSIC,
        _TEST,
        SHARED,
        tuple(
            f"music_stems/{stem}.flac"
            for stem in ("piano", "guitar", "strings", "wind", "synth", "bass", "drums", "other")
        ),
        _SHARED,
    ),
)

SINGING = (
    _other(
        "hedgewars_singer",
        Kind.SINGING,
        _TRAIN,
        "hedgewars-data",
        f"{_VOICES}Singer/*.ogg",
        licence=_HEDGEWARS,
    ),
    _other(
        "scratch_vocals",
        Kind.SINGING,
        _TRAIN,
        "scratch",
        *(f"*/Vocals/{song}*" for song in ("Singer", "Sing-me", "Oooo", "Doy", "Hey-yay", "BeatBox")),
        licence="CC-BY-SA 3.0",
    ),
    _other("choir", Kind.SINGING, _TRAIN, "sonic-pi-samples", "*/samples/ambi_choir.flac", licence="CC0"),
    _other(
        "a_cappella", Kind.SINGING, _TEST, SHARED, "music_stems/*vocals.flac", licence=_SHARED, seconds=60
    ),
)

RINGTONES = (
    _other(
        "ringtones_train",
        Kind.RINGTONE,
        _TRAIN,
        "lomiri-sounds",
        "*/ringtones/*.ogg",
        licence="CC0, CC-BY(-SA)",
        turn=0,
    ),
    _other(
        "ringtones_test",
        Kind.RINGTONE,
        _TEST,
        "lomiri-sounds",
        "*/ringtones/*.ogg",
        licence="CC0, CC-BY(-SA)",
        turn=1,
    ),
)

NOISE = (
    _other("engines", Kind.NOISE, _TRAIN, "torcs-data", "*/sound/*.wav", licence=_GPL),
    _other(
        "hedgewars_sounds",
        Kind.NOISE,
        _TRAIN,
        "hedgewars-data",
        *(
            f"*/Data/Sounds/{sound}*.ogg"
            for sound in (
                "explosion",
                "steam",
                "minigun",
                "plane",
                "flame",
                "blowtorch",
                "drill",
                "jetpack",
                "bee",
            )
        ),
        *(
            f"*/Data/Sounds/{sound}*.ogg"
            for sound in ("rcplane", "parachute", "pickhammer", "steps", "splash")
        ),
        licence=_HEDGEWARS,
    ),
    _other(
        "sonic_pi_noise",
        Kind.NOISE,
        _TRAIN,
        "sonic-pi-samples",
        *(
            f"*/samples/{sound}*.flac"
            for sound in ("ambi_*woosh", "ambi_sauna", "vinyl_", "loop_3d", "perc_s")
        ),
        licence="CC0",
    ),
    _other(
        "lincity_sounds",
        Kind.NOISE,
        _TRAIN,
        "lincity-ng-data",
        *(
            f"*/sounds/{sound}*.wav"
            for sound in (
                "Blacksmith",
                "Build",
                "CoalMine",
                "DirtTrack",
                "Fire",
                "Industry",
                "Mill",
                "OreMine",
                "Power",
            )
        ),
        "*/sounds/Power*.wav",
        "*/sounds/RailTrain*.wav",
        licence=_GPL,
    ),
    _other(
        "landscapes",
        Kind.NOISE,
        _TRAIN,
        "megaglest-data",
        "*/tilesets/*/sounds/*.wav",
        licence="CC-BY-SA 3.0",
    ),
    _other("field", Kind.NOISE, _TEST, SHARED, "fullband/n*.wav", licence=_SHARED, seconds=60),
    _other(
        "horizons_sounds",
        Kind.NOISE,
        _TEST,
        "unknown-horizons",
        *(
            f"*/audio/sounds/{sound}*.ogg"
            for sound in ("windmill", "stone", "lumber", "smith", "sheep", "warehouse")
        ),
        licence="CC-BY-SA 3.0",
    ),
)

SOURCES = (*SPEECH, *MUSIC, *SINGING, *RINGTONES, *NOISE)
