using System.Diagnostics;

namespace ImplicitNet.Benchmarks.Measurement;

/// <summary>
/// How often something is measured: rounds in which all contenders take turns, so that a slow spell of the machine meets all of them.
/// </summary>
/// <param name="Counted">Rounds that count; at least <see cref="Least"/>.</param>
/// <param name="WarmUp">Rounds before them that do not: the runtime compiles, allocators fill.</param>
internal sealed record Rounds(int Counted, int WarmUp)
{
    /// <summary>Fewer rounds give no median worth the name.</summary>
    public const int Least = 5;

    /// <summary>Runs all contenders in every round, in an order that turns about from round to round.</summary>
    /// <param name="before">Called before each round, outside the time; takes the number of the round from 0, warm-up included.</param>
    /// <param name="contenders">What is timed; each takes the number of the round.</param>
    /// <returns>Seconds for each contender and counted round.</returns>
    public double[][] Measure(Action<int> before, params IReadOnlyList<Action<int>> contenders)
    {
        double[][] seconds = [.. contenders.Select(_ => new double[Counted])];
        for (int round = 0; round < WarmUp + Counted; round++)
        {
            before(round);
            for (int turn = 0; turn < contenders.Count; turn++)
            {
                // Whoever comes first in one round comes last in the next.
                int contender = round % 2 == 0 ? turn : contenders.Count - 1 - turn;
                long begin = Stopwatch.GetTimestamp();
                contenders[contender](round);
                double elapsed = Stopwatch.GetElapsedTime(begin).TotalSeconds;
                if (round >= WarmUp)
                {
                    seconds[contender][round - WarmUp] = elapsed;
                }
            }
        }

        return seconds;
    }
}
