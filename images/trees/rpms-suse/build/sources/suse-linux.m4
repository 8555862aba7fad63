divert(-1)
# The operating system of these hosts: where its files lie, who owns the submission queue.
divert(0)
define(`confEBINDIR', `/usr/sbin')
ifdef(`PROCMAIL_MAILER_PATH',, `define(`PROCMAIL_MAILER_PATH', `/usr/bin/procmail')')
ifdef(`STATUS_FILE',, `define(`STATUS_FILE', `/var/lib/sendmail/statistics')')
define(`confPID_FILE', `/run/sendmail.pid')
FEATURE(`local_procmail')
