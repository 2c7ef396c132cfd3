#!/usr/bin/env python3
"""Runs a command on a terminal of its own and types on it.

Usage: terminal.py [TEXT KEYS]... -- COMMAND...
After the command has printed TEXT, KEYS are typed: `^C`, or `close`, which closes the
terminal and does not wait for the command. What is printed goes to standard output;
the exit code is the command's.
"""
import os
import pty
import select
import sys
import time

PATIENCE = 60  # seconds until anything has happened


def main():
    split = sys.argv.index("--")
    words, command = sys.argv[1:split], sys.argv[split + 1:]
    rows = list(zip(words[::2], words[1::2]))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    printed = b""
    end = time.monotonic() + PATIENCE
    while True:
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            sys.exit("terminal.py: nothing happened after: %r" % printed[-300:])
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # all who had it open have ended
            piece = b""
        if not piece:
            break
        sys.stdout.buffer.write(piece)
        sys.stdout.flush()
        printed += piece
        while rows and rows[0][0].encode() in printed:
            keys = rows.pop(0)[1]
            if keys == "close":
                os.close(terminal)
                return 0
            os.write(terminal, b"\x03")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


sys.exit(main())
