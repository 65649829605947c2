using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Flows;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>A network with a flow on some data: what it comes to, and what its flows cost.</summary>
internal static class FlowEvaluation
{
    /// <summary>Evaluates; the network is in evaluation mode afterwards if it was before.</summary>
    public static FlowTrainingResult Run(FlowModel network, TrainingTask task, BatchSource source, CancellationToken cancellation)
    {
        using SolveScope scope = new(flowSettings: own => own with { OnFailure = new MaskFailures() });
        ScoreTotals counted = new();
        int flows = 0;
        EvaluationResult evaluation = Evaluator.Evaluate(network, task, source, each: Count, cancellation: cancellation);
        evaluation = evaluation with { Loss = counted.Loss, Scores = counted.Means };
        return new FlowTrainingResult
        {
            Samples = evaluation.Count,
            Counted = (int)counted.Count,
            Loss = evaluation.Loss,
            Accuracy = evaluation.Accuracy,
            Scores = TestResult.ScoresOf(evaluation),
            Parameters = network.parameters().Sum(parameter => parameter.numel()),
            MeanEvaluations = (double)scope.Flows.Sum(flow => flow.Report.Evaluations) / Math.Max(1, evaluation.Count),
            Statuses = Enum.GetValues<FlowStatus>().ToDictionary(
                status => status.ToString(), status => (long)scope.Flows.Sum(flow => flow.Report.Count(status))),
            Seconds = evaluation.Seconds,
        };

        // Where a flow failed there is no answer, and what stands there is none's.
        void Count(Tensor output, Batch batch)
        {
            bool[] included = new bool[batch.Count];
            Array.Fill(included, true);
            for (; flows < scope.Flows.Count; flows++)
            {
                for (int sample = 0; sample < included.Length; sample++)
                {
                    included[sample] &= scope.Flows[flows].Included[sample];
                }
            }

            double[] losses = [.. task.Losses(output, batch).to(ScalarType.Float64).cpu().data<double>()];
            counted.Add(
                losses.Where((_, sample) => included[sample]).Sum(),
                [
                    .. task.Measure(output, batch).Select(measured =>
                        (measured.Name, (double[])[.. measured.Values.to(ScalarType.Float64).cpu().data<double>()])),
                ],
                included);
        }
    }

    /// <summary>Shows what it came to.</summary>
    public static void Show(Terminal terminal, FlowTrainingResult result, string samples)
    {
        string over = result.Counted is { } counted && counted < result.Samples
            ? $"{Display.Count(counted)} of {Display.Count(result.Samples)} {samples}; the flows of the others failed"
            : $"{Display.Count(result.Samples)} {samples}";
        bool isTable = FlowData.FileOf(result.Data) is not null;
        if (result.Accuracy is { } accuracy)
        {
            ResultScreen.Row(terminal, $"{result.Split} accuracy", Display.Percent(accuracy), over);
        }

        ResultScreen.Row(terminal, $"{result.Split} loss", Display.Loss(result.Loss), over);
        foreach ((string name, double value) in result.Scores)
        {
            ResultScreen.Row(
                terminal, name, Display.Number(value, "0.0000"), isTable ? "on average, in standard deviations" : "on average");
        }

        string failed = string.Join(", ", result.Statuses.Where(status => status.Value > 0 && status.Key != nameof(FlowStatus.Completed))
            .Select(status => $"{Display.Count(status.Value)} {status.Key}"));
        ResultScreen.Row(
            terminal, "flow", $"{Display.Number(result.MeanEvaluations ?? double.NaN, "0.0")} evaluations a sample",
            result.Failures() == 0 ? "all came to their end" : failed);
    }
}
