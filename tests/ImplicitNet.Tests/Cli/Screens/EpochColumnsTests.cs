using ImplicitNet.Cli.Screens;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Cli.Screens;

public sealed class EpochColumnsTests
{
    /// <summary>Of a hundred solves ten fail, and as many as said came to their limit. The epoch is that of steps 7, 8 and 9.</summary>
    [Theory]
    [InlineData(0, 4, "10.00 % of the solves did not converge")]
    [InlineData(6, 4, "10.00 % of the solves did not converge")]
    [InlineData(7, 4, "6.00 % of the solves failed")]
    [InlineData(long.MaxValue, 4, "6.00 % of the solves failed")]
    [InlineData(long.MaxValue, 10, null)]
    public void Solves_that_a_schedule_cuts_short_are_no_failures_and_others_are_told(long cut, long limited, string? expected)
    {
        long[] statuses = new long[Enum.GetValues<SolveStatus>().Length];
        statuses[(int)SolveStatus.Converged] = 90;
        statuses[(int)SolveStatus.MaxStepsReached] = limited;
        statuses[(int)SolveStatus.NonFinite] = 10 - limited;
        EpochRecord record = new() { Epoch = 3, Step = 9, TrainLoss = 1, SolverFailures = 10 };
        foreach (EpochColumns columns in new[] { new EpochColumns(null) { CutSteps = cut }, EpochColumns.OfScore(null, "psnr", value => $"{value}", cut) })
        {
            string line = columns.Line(new TrainingEvent.EpochFinished(record, new SolverTotals(statuses, 100, 100), null, IsBest: false));
            Assert.Equal(expected is not null, line.Contains("of the solves", StringComparison.Ordinal));
            Assert.Contains(expected ?? "1", line, StringComparison.Ordinal);
        }
    }
}
