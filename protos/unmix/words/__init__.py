"""The vocabulary of the contract, said once: each noun with its wire form, for the daemon and for its clients.

Generated types stay in here, in the daemon's services and in the client. A new task is a module in `tasks`.
"""

from unmix.words.cures import BETTER_MODEL, UNTOUCHED_MUSIC, Cures, Facts, cured
from unmix.words.events import Accepted, Event, OutputPiece, OutputStarted, Progress
from unmix.words.faults import FieldError
from unmix.words.formats import DEPTHS, FORMATS, Format
from unmix.words.jobs import Job, JobError, JobEvent, JobState
from unmix.words.models import DaemonStatus, DeviceStatus, LeftOutModel, Model, PullStep, Residency
from unmix.words.options import Options, Priority, Section
from unmix.words.reasons import REASONS, Concern, Reason
from unmix.words.summary import NO_MODEL, AudioFacts, OutputSummary, Summary
from unmix.words.tasks import TASKS, Consistency, DenoiseStem, DenoiseTask, Music, SeparateTask, Task
from unmix.words.timeline import Stretch

__all__ = [
    "BETTER_MODEL",
    "DEPTHS",
    "FORMATS",
    "NO_MODEL",
    "REASONS",
    "TASKS",
    "UNTOUCHED_MUSIC",
    "Accepted",
    "AudioFacts",
    "Concern",
    "Consistency",
    "Cures",
    "DaemonStatus",
    "DenoiseStem",
    "DenoiseTask",
    "DeviceStatus",
    "Event",
    "Facts",
    "FieldError",
    "Format",
    "Job",
    "JobError",
    "JobEvent",
    "JobState",
    "LeftOutModel",
    "Model",
    "Music",
    "Options",
    "OutputPiece",
    "OutputStarted",
    "OutputSummary",
    "Priority",
    "Progress",
    "PullStep",
    "Reason",
    "Residency",
    "Section",
    "SeparateTask",
    "Stretch",
    "Summary",
    "Task",
    "cured",
]
