using System.Diagnostics;

namespace ImplicitNet.Training.Distribution;

/// <summary>
/// A wait for other processes: first without a pause, since they mostly come within microseconds; then it leaves the core to others; and
/// after a while it sleeps.
/// </summary>
/// <param name="patience">How long; negative for ever.</param>
internal struct PatientWait(TimeSpan patience)
{
    // Some times the latency of a small sum.
    private static readonly TimeSpan Spinning = TimeSpan.FromMicroseconds(50);

    // A large sum makes no progress between two glances but in the buffers of the network; it takes less than this.
    private static readonly TimeSpan Yielding = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Sleep = TimeSpan.FromMilliseconds(1);

    private readonly long _begin = Stopwatch.GetTimestamp();

    /// <summary>Waits a little.</summary>
    /// <returns>False when patience is at its end.</returns>
    public readonly bool Next()
    {
        TimeSpan waited = Stopwatch.GetElapsedTime(_begin);
        if (waited > Yielding)
        {
            Thread.Sleep(Sleep);
        }
        else if (waited > Spinning)
        {
            Thread.Yield();
        }

        return patience < TimeSpan.Zero || waited < patience;
    }
}
