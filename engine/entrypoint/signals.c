/*
 * One place reads them, whoever waits: so a signal that is owed is passed over
 * wherever it comes in.
 */
#include "engine/entrypoint/signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(struct signals *signals, struct error *error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    /* What a pipe's reader does, or a limit of file sizes, is no signal. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signals->descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return signals->descriptor < 0
               ? error_set_system(error, "cannot read signals")
               : 0;
}

unsigned signals_take(struct signals *signals)
{
    struct signalfd_siginfo info;
    unsigned before = signals->told;
    while (read(signals->descriptor, &info, sizeof info) ==
           (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGQUIT)
            signals->told += 2;
        else if (info.ssi_signo != SIGCHLD && signals->owed)
            signals->owed = false;
        else if (info.ssi_signo != SIGCHLD)
            signals->told++;
    }
    return signals->told - before;
}
