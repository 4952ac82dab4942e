"""What of unmix runs inside REAPER: it reads the selected items, has `unmix` work, and places the results.

REAPER's window stands still while this runs, so all work is done in slices that are deferred. Native packages and
threads crash Python inside REAPER, so models, gRPC and audio are the business of a process of its own, and these
modules, in ASCII, need nothing but Python 3.6.

REAPER is not trusted: a stale pointer silently becomes NULL, and NULL means the project in front; users edit while
they wait; and an exception that gets out, SystemExit above all, ends more than a script.
"""
