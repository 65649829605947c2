using ImplicitNet.Flows;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Flows;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What is drawn of a network with a flow.</summary>
internal static class FlowPictures
{
    private const int Lines = 60;
    private const int TimesOfLine = 33;
    private const int SquaresOfSide = 64;

    /// <summary>Draws into a run's folder what can be seen of its test data.</summary>
    public static RunPictures Draw(nn.Module<Tensor, Tensor> network, IndexedBatches tests, RunFolder folder)
    {
        if (network is not NeuralOde ode || tests is not Annuli annuli)
        {
            return RunPictures.None;
        }

        const string name = "plane.png";
        PhasePortrait portrait = Plane(ode, annuli).Portrait;
        if (portrait.Lines.Count == 0)
        {
            return RunPictures.None;
        }

        portrait.Save(folder.At(name));
        return new RunPictures([(name, "picture")], [new ReportSection { Heading = "Flow", Charts = [portrait.Draw()] }]);
    }

    /// <summary>
    /// The plane: which answer every place of it gets, and the ways of the test points in their first two coordinates, which cross where
    /// there are more. What failed is left out, and the title says how many.
    /// </summary>
    /// <returns>The picture, and how many of its flows ended in which way.</returns>
    public static (PhasePortrait Portrait, IReadOnlyDictionary<string, long> Statuses) Plane(NeuralOde network, Annuli points)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using SolveScope solves = new(flowSettings: own => own with { OnFailure = new MaskFailures() });
        using Batch batch = points.First(Lines);
        batch.Convert(ScalarType.Float32, network.parameters().First().device);
        double[] times = [.. Enumerable.Range(0, TimesOfLine).Select(step => (double)step / (TimesOfLine - 1))];
        using FlowResult flow = network.Flow.Layer.Run(network.Flow.Start(batch.Inputs), FlowTimes.At(times));
        float[] states = [.. flow.States.narrow(2, 0, 2).transpose(0, 1).contiguous().cpu().data<float>()];
        float[] sides = [.. batch.Targets.cpu().data<float>()];

        const double reach = 1.1 * Annuli.ShellOuter, half = reach / SquaresOfSide;
        double[] middles = [.. Enumerable.Range(0, SquaresOfSide).Select(place => (((2 * place) + 1) * half) - reach)];
        (double X, double Y)[] places = [.. middles.SelectMany(x => middles.Select(y => (x, y)))];
        Tensor inputs = tensor(places.SelectMany(at => new[] { (float)at.X, (float)at.Y }).ToArray(), [places.Length, 2]);
        float[] answers = [.. network.call(inputs.to(batch.Inputs.device)).flatten().cpu().data<float>()];
        Dictionary<string, long> statuses = Enum.GetValues<FlowStatus>().ToDictionary(
            status => status.ToString(), status => (long)solves.Flows.Sum(one => one.Report.Count(status)));
        long all = statuses.Values.Sum(), failed = all - statuses[nameof(FlowStatus.Completed)];
        IReadOnlyList<bool> isLine = solves.Flows[0].Included, isPlace = solves.Flows[1].Included;
        PhasePortrait portrait = new()
        {
            Title = failed == 0 ? "Decision and flow"
                : $"Decision and flow; {Display.Count(failed)} of {Display.Count(all)} flows failed and are left out",
            Kinds = ["ball: -1", "shell: +1"],
            Decision = [.. places.Select((at, place) => (at.X, at.Y, half, answers[place] > 0)).Where((_, place) => isPlace[place])],
            Lines =
            [
                .. sides.Select((side, sample) => (Side: side, Sample: sample)).Where(one => isLine[one.Sample]).Select(one => new FlowLine(
                    [.. Enumerable.Range(0, TimesOfLine).Select(step => (one.Sample * TimesOfLine) + step)
                        .Select(at => ((double)states[2 * at], (double)states[(2 * at) + 1]))],
                    one.Side > 0 ? 1 : 0)),
            ],
        };
        return (portrait, statuses);
    }
}
