/* Put in front of the C library by a test: the wall clock jumps a day back whenever
 * it is asked, as if somebody were setting it all the time. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static time_t back;
    long result = syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME) {
        back += 24 * 60 * 60;
        time->tv_sec -= back;
    }
    return (int)result;
}
