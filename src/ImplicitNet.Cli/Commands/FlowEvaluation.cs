using ImplicitNet.Cli.Screens;
using ImplicitNet.Flows;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Cli.Commands;

/// <summary>A network with a flow on some data: what it comes to, and what its flows cost.</summary>
internal static class FlowEvaluation
{
    /// <summary>Evaluates; the network is in evaluation mode afterwards if it was before.</summary>
    public static FlowTrainingResult Run(FlowModel network, TrainingTask task, BatchSource source, CancellationToken cancellation)
    {
        using SolveScope scope = new(flowSettings: own => own with { OnFailure = new MaskFailures() });
        EvaluationResult evaluation = Evaluator.Evaluate(network, task, source, cancellation: cancellation);
        return new FlowTrainingResult
        {
            Samples = evaluation.Count,
            Loss = evaluation.Loss,
            Accuracy = evaluation.Accuracy,
            Scores = TestResult.ScoresOf(evaluation),
            Parameters = network.parameters().Sum(parameter => parameter.numel()),
            MeanEvaluations = (double)scope.Flows.Sum(flow => flow.Report.Evaluations) / Math.Max(1, evaluation.Count),
            Statuses = Enum.GetValues<FlowStatus>().ToDictionary(
                status => status.ToString(), status => (long)scope.Flows.Sum(flow => flow.Report.Count(status))),
            Seconds = evaluation.Seconds,
        };
    }

    /// <summary>Shows what it came to.</summary>
    public static void Show(Terminal terminal, FlowTrainingResult result, string samples)
    {
        if (result.Accuracy is { } accuracy)
        {
            ResultScreen.Row(terminal, $"{result.Split} accuracy", Display.Percent(accuracy), $"{Display.Count(result.Samples)} {samples}");
        }

        ResultScreen.Row(terminal, $"{result.Split} loss", Display.Loss(result.Loss), $"{Display.Count(result.Samples)} {samples}");
        foreach ((string name, double value) in result.Scores)
        {
            ResultScreen.Row(terminal, name, Display.Number(value, "0.0000"), "on average");
        }

        string failed = string.Join(", ", result.Statuses.Where(status => status.Value > 0 && status.Key != nameof(FlowStatus.Completed))
            .Select(status => $"{Display.Count(status.Value)} {status.Key}"));
        ResultScreen.Row(
            terminal, "flow", $"{Display.Number(result.MeanEvaluations ?? double.NaN, "0.0")} evaluations a sample",
            result.Failures() == 0 ? "all came to their end" : failed);
    }
}
