"""Runs on a host that sends: messages with a number each, by several workers at once, and says which of them were accepted (250 after DATA).

    sender.py SERVER SENDER RECIPIENT TOKEN SECONDS MESSAGES

Prints JSON: how many were tried, and the numbers of those accepted. A session that breaks is made anew; what it was about to send counts as not accepted.
"""

import itertools
import json
import smtplib
import sys
import threading
import time

WORKERS = 8
PACE = 0.2          # seconds between two messages of a worker, so that they last
PATIENCE = 30       # seconds for one reply; a greeting may be held back on purpose


def main(server, sender, recipient, token, seconds, messages):
    """Send until the time or the messages are up."""
    numbers, accepted, tried = iter(range(int(messages))), [], itertools.count()
    lock, deadline = threading.Lock(), time.monotonic() + float(seconds)

    def work():
        link = None
        while time.monotonic() < deadline:
            link = link or connect(server)
            if link is None:
                time.sleep(0.2)
                continue
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            next(tried)
            if taken(link, sender, recipient, f"{token}-{number}-"):
                accepted.append(number)
                time.sleep(PACE)
            else:
                link = None

    workers = [threading.Thread(target=work) for _number in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(json.dumps({"tried": next(tried), "accepted": sorted(accepted)}))


def connect(server):
    """Return a session, or None if nobody answers."""
    try:
        return smtplib.SMTP(server, timeout=PATIENCE)
    except (OSError, smtplib.SMTPException):
        return None


def taken(link, sender, recipient, mark):
    """Tell whether one message was accepted for good."""
    try:
        link.sendmail(sender, [recipient], f"From: {sender}\r\nTo: {recipient}\r\nSubject: {mark}\r\n\r\n{mark}\r\n" + "x" * 70 + "\r\n")
        return True
    except (OSError, smtplib.SMTPException):
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
