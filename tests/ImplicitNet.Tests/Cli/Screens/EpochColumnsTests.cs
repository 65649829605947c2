using ImplicitNet.Cli.Screens;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Cli.Screens;

public sealed class EpochColumnsTests
{
    /// <summary>Of a hundred solves ten fail, and as many as said came to their limit.</summary>
    [Theory]
    [InlineData(true, 4, "10.00 % of the solves did not converge")]
    [InlineData(false, 4, "6.00 % of the solves failed")]
    [InlineData(false, 10, null)]
    public void Solves_that_a_schedule_cuts_short_are_no_failures_and_others_are_told(bool tellsLimit, long limited, string? expected)
    {
        long[] statuses = new long[Enum.GetValues<SolveStatus>().Length];
        statuses[(int)SolveStatus.Converged] = 90;
        statuses[(int)SolveStatus.MaxStepsReached] = limited;
        statuses[(int)SolveStatus.NonFinite] = 10 - limited;
        EpochRecord record = new() { Epoch = 1, Step = 1, TrainLoss = 1, SolverFailures = 10 };
        string line = new EpochColumns(null) { TellsLimit = tellsLimit }
            .Line(new TrainingEvent.EpochFinished(record, new SolverTotals(statuses, 100, 100), null, IsBest: false));
        Assert.Equal(expected is not null, line.Contains("of the solves", StringComparison.Ordinal));
        Assert.Contains(expected ?? "1", line, StringComparison.Ordinal);
    }
}
