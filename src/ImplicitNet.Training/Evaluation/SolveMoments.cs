using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>What a network would have answered on the way through one solve, at moments that grow apart.</summary>
/// <param name="Report">How the solve went.</param>
/// <param name="Answers">What was read out of the output, by the number of steps; the last one is the end.</param>
internal sealed record SolveMoments(SampleReport Report, SortedList<int, double[]> Answers)
{
    // Every step up to here, and then as it is so much later than the one before: of ten thousand steps some two hundred are kept.
    private const int First = 40;
    private const double Growth = 1.05;

    /// <summary>Whether a number of steps is 1, 5, 10, 20, 50, 100, 200, and so on; those are always kept.</summary>
    public static bool IsMilestone(int step)
    {
        if (step is 2 or < 1)
        {
            return false;
        }

        while (step % 10 == 0)
        {
            step /= 10;
        }

        return step is 1 or 2 or 5;
    }

    /// <summary>Solves one sample; a failure never throws.</summary>
    /// <param name="network">In evaluation mode.</param>
    /// <param name="input">[1, ...]; the caller keeps it.</param>
    /// <param name="read">Reads numbers out of an output, [1, ...].</param>
    /// <param name="settings">How; default: the network's own. A solver that makes no row of iterates leaves the end alone.</param>
    /// <param name="start">Where it starts; default: the operator's own start.</param>
    /// <param name="cancellation">Checked before every step.</param>
    public static SolveMoments Of(
        ImplicitNetwork network, Tensor input, Func<Tensor, double[]> read, SolveSettings? settings = null, StartingPoint? start = null,
        CancellationToken cancellation = default)
    {
        settings = (settings ?? network.Settings) with { OnFailure = new MaskFailures() };
        SortedList<int, double[]> answers = [];
        using IDisposable noGraph = no_grad();
        SolveSettings watched = settings with
        {
            Solver = WatchedSolver.Of(settings.Solver, (step, latent, _) =>
            {
                if (step <= First || IsMilestone(step) || step >= Growth * answers.Keys[^1])
                {
                    using DisposeScope scope = NewDisposeScope();
                    answers[step] = read(network.Readout.call(latent));
                }
            }),
        };
        using ImplicitResult result = network.Run(input, watched, start, cancellation: cancellation);
        SampleReport report = result.Report.Samples[0];
        foreach (int later in answers.Keys.Where(step => step > report.Steps).ToArray())
        {
            answers.Remove(later);
        }

        answers[report.Steps] = read(result.Output);
        return new SolveMoments(report, answers);
    }
}
