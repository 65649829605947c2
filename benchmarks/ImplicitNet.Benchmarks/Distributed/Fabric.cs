namespace ImplicitNet.Benchmarks.Distributed;

/// <summary>What connects ranks, in the model of latency and bandwidth (Hockney 1994).</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Latency">Seconds from one rank to another, whatever is sent.</param>
/// <param name="Bandwidth">Bytes a second, in each direction.</param>
internal sealed record Fabric(string Name, double Latency, double Bandwidth)
{
    // What a core adds, bytes a second.
    private const double Addition = 12e9;

    public static IReadOnlyList<Fabric> All { get; } =
    [
        new("InfiniBand HDR", 2e-6, 23e9),
        new("25 GbE", 20e-6, 2.8e9),
        new("10 GbE", 30e-6, 1.1e9),
    ];

    /// <summary>
    /// Seconds that a sum over all ranks takes: the least of recursive doubling, recursive halving with doubling, and a ring (Thakur,
    /// Rabenseifner and Gropp 2005, section 4).
    /// </summary>
    /// <param name="ranks">At least 1.</param>
    /// <param name="bytes">What each rank has.</param>
    public double Sum(long ranks, double bytes)
    {
        if (ranks == 1)
        {
            return 0;
        }

        double rounds = Math.Ceiling(Math.Log2(ranks));
        double share = bytes * (ranks - 1) / ranks;
        double once = (bytes / Bandwidth) + (bytes / Addition);
        double scattered = (2 * share / Bandwidth) + (share / Addition);
        return Math.Min(rounds * (Latency + once), Math.Min(2 * rounds * Latency, 2 * (ranks - 1) * Latency) + scattered);
    }
}
