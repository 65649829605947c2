using System.Globalization;
using System.Text;
using ImplicitNet.Training.History;

namespace ImplicitNet.Reports.Comparisons;

/// <summary>Runs as comma-separated values: one line for each run and epoch, and a header. What was not measured is empty.</summary>
internal static class ComparisonCsv
{
    private static readonly (string Name, Func<ComparedRun, EpochRecord, object?> Value)[] Columns =
    [
        ("gradient", (run, _) => run.Gradient),
        ("seed", (run, _) => run.Seed),
        ("epoch", (_, epoch) => epoch.Epoch),
        ("step", (_, epoch) => epoch.Step),
        ("train_loss", (_, epoch) => epoch.TrainLoss),
        ("train_accuracy", (_, epoch) => epoch.TrainAccuracy),
        ("validation_loss", (_, epoch) => epoch.ValidationLoss),
        ("validation_accuracy", (_, epoch) => epoch.ValidationAccuracy),
        ("cosine_to_exact", (_, epoch) => epoch.Cosine),
        ("evaluations", (_, epoch) => epoch.Evaluations),
        ("solver_failures", (_, epoch) => epoch.SolverFailures),
        ("products", (_, epoch) => epoch.Products),
        ("adjoint_failures", (_, epoch) => epoch.AdjointFailures),
        ("fall_backs", (_, epoch) => epoch.FallBacks),
        ("seconds", (_, epoch) => epoch.Seconds),
        ("forward_seconds", (_, epoch) => epoch.Times?.Forward),
        ("backward_seconds", (_, epoch) => epoch.Times?.Backward),
        ("optimizer_seconds", (_, epoch) => epoch.Times?.Optimizer),
        ("validation_seconds", (_, epoch) => epoch.Times?.Validation),
        ("peak_memory_bytes", (_, epoch) => epoch.PeakMemoryBytes),
        ("run_test_accuracy", (run, _) => run.TestAccuracy),
        ("solver_steps", (_, epoch) => epoch.SolverSteps),
        ("run_test_loss", (run, _) => run.TestLoss),
        ("run_validation_loss", (run, _) => run.ValidationLoss),
        ("run_certificate", (run, _) => run.Certificate),
    ];

    public static string Format(IReadOnlyList<ComparedRun> runs)
    {
        StringBuilder text = new();
        text.AppendJoin(',', Columns.Select(column => column.Name)).Append('\n');
        foreach (ComparedRun run in runs)
        {
            foreach (EpochRecord epoch in run.Epochs)
            {
                text.AppendJoin(',', Columns.Select(column => Cell(column.Value(run, epoch)))).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Cell(object? value)
    {
        string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return text.AsSpan().IndexOfAny(",\"\n\r") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
