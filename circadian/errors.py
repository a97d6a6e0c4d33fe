"""The one error a user may see, and the one place where a process ends.

Never: a traceback for something the user can mend, or a `sys.exit` anywhere but in a script's last line.
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable

OK = 0
FAILED = 1
USAGE = 2
HELD = 3
INTERRUPTED = 130


class UserError(Exception):
    """Something the user can mend: what is wrong, and what to do next. Exit code 2."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def line(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


def describe_os_error(error: OSError) -> str:
    """One line for a failed system call, with the next step where there is an obvious one."""
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}the disk is full; nothing already saved was lost (free some space and run this again)"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where}no permission to read or write here (check the folder's owner and mode, or pass --home)"
    return f"{where}{error.strerror or error}"


def run(main: Callable[[], int]) -> int:
    """Call `main` and turn whatever it raises into one line on stderr and an exit code.

    0 done, 2 the user can mend it, 3 held (returned by run_cycle), 130 interrupted, 1 a defect of ours.
    CIRCADIAN_DEBUG=1 shows the traceback as well.
    """
    try:
        return main()
    except UserError as error:
        problem, code = error.line(), USAGE
    except BrokenPipeError:
        # The reader of our stdout went away (`| head`): not an error; keep Python from flushing into it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        problem, code = "interrupted; what was saved is kept", INTERRUPTED
    except OSError as error:
        problem, code = describe_os_error(error), USAGE
    except Exception as error:
        text = " ".join(str(error).split()) or "no message"
        problem = f"unexpected {type(error).__name__}: {text} (a defect: CIRCADIAN_DEBUG=1 shows where)"
        code = FAILED
    if os.environ.get("CIRCADIAN_DEBUG"):
        traceback.print_exc()
    print(f"error: {problem}", file=sys.stderr)
    return code
