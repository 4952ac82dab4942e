"""The Audacity that runs here: its pipe, its files and settings, its windows seen from outside."""
