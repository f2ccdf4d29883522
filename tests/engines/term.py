#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody at a terminal: runs a command on a pty of its own, waits for words, types, and changes the window's size.

usage: term.py ROWSxCOLUMNS [STEP]... -- COMMAND...

  wait:TEXT            until the terminal has shown TEXT (since the last wait)
  type:TEXT            \\n, \\t, \\x03 and the like are understood
  size:ROWSxCOLUMNS    the window becomes that large

Prints what the terminal showed and ends as the command did; 124 when that takes more than TERM_SECONDS (30).
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time


class Late(Exception):
	pass


class Terminal:
	def __init__(self, size, command, seconds):
		self.end = time.monotonic() + seconds
		self.shown = b""
		self.seen = 0
		# The size is there before the command looks.
		self.fd, slave = pty.openpty()
		self.resize(size)
		self.pid = os.fork()
		if self.pid == 0:
			os.close(self.fd)
			os.login_tty(slave)
			os.execvp(command[0], command)
		os.close(slave)

	def resize(self, size):
		rows, columns = (int(n) for n in size.split("x"))
		fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

	def read(self):
		"""Some more of what is shown; false at the end."""
		left = self.end - time.monotonic()
		if left <= 0 or not select.select([self.fd], [], [], left)[0]:
			raise Late
		try:
			data = os.read(self.fd, 65536)
		except OSError: # EIO: nobody has the other side open
			return False
		self.shown += data
		return bool(data)

	def wait(self, text):
		while True:
			at = self.shown.find(text, self.seen)
			if at >= 0:
				self.seen = at + len(text)
				return
			if not self.read():
				return

	def step(self, word):
		verb, _, text = word.partition(":")
		if verb == "wait":
			self.wait(text.encode())
		elif verb == "type":
			os.write(self.fd, text.encode().decode("unicode_escape").encode())
		elif verb == "size":
			self.resize(text)
		else:
			sys.exit(f"term.py: no step named {verb!r}")

	def finish(self):
		while self.read():
			pass
		return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def main():
	split = sys.argv.index("--")
	terminal = Terminal(sys.argv[1], sys.argv[split + 1:], float(os.environ.get("TERM_SECONDS", "30")))
	try:
		for word in sys.argv[2:split]:
			terminal.step(word)
		status = terminal.finish()
	except Late:
		os.kill(terminal.pid, signal.SIGKILL)
		status = 124
	sys.stdout.write(terminal.shown.decode(errors="replace").replace("\r", ""))
	sys.stdout.flush()
	sys.exit(status if status >= 0 else 128 - status)


main()
