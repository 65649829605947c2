using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>
/// Whether samples that converge to one answer from several starts are the right ones: the trust in a network that is no contraction.
/// </summary>
/// <param name="Starts">Starts of every solve.</param>
/// <param name="Samples">One a sample, in order.</param>
internal sealed record StartsStudy(int Starts, IReadOnlyList<StartsStudy.Sample> Samples)
{
    /// <summary>
    /// The probability that a right sample has more agreeing starts than a wrong one, ties counted half: the area under the ROC curve, 0.5
    /// where agreement says nothing and 1 where it says all. NaN where all samples are right, or all are wrong.
    /// </summary>
    public double AreaUnderCurve
    {
        get
        {
            long[] right = Counts(isRight: true), wrong = Counts(isRight: false);
            double above = 0;
            long less = 0;
            for (int agreeing = 0; agreeing <= Starts; agreeing++)
            {
                above += right[agreeing] * (less + (wrong[agreeing] / 2.0));
                less += wrong[agreeing];
            }

            return above / (right.Sum() * (double)less);
        }
    }

    /// <summary>How many right or wrong samples have 0, 1, 2, ... agreeing starts.</summary>
    public long[] Counts(bool isRight)
    {
        long[] counts = new long[Starts + 1];
        foreach (Sample sample in Samples.Where(sample => sample.IsRight == isRight))
        {
            counts[sample.Agreeing]++;
        }

        return counts;
    }

    /// <summary>Solves every sample of a source from every start, in evaluation mode and without gradients.</summary>
    /// <param name="network">The network.</param>
    /// <param name="task">Says what is right: its <see cref="Measurement.Accuracy"/>.</param>
    /// <param name="source">The data, read in order.</param>
    /// <param name="starts">At least two.</param>
    /// <param name="settings">How it solves; default: the network's own.</param>
    /// <param name="progress">Receives the share done.</param>
    /// <param name="cancellation">Checked before every solver step.</param>
    public static StartsStudy Measure(
        ImplicitNetwork network, TrainingTask task, BatchSource source, IReadOnlyList<StartingPoint> starts, SolveSettings? settings = null,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        settings = (settings ?? network.Settings) with { OnFailure = new MaskFailures() };
        using EvaluationMode mode = new(network);
        using IDisposable noGraph = no_grad();
        TrainedModel model = new(network);
        List<Sample> samples = [];
        foreach (Batch batch in source.InOrder())
        {
            using Batch owned = batch;
            using DisposeScope scope = NewDisposeScope();
            model.Take(batch);
            List<Answer[]> answers = [];
            foreach (StartingPoint start in starts)
            {
                using ImplicitResult result = network.Run(batch.Inputs, settings, start, cancellation: cancellation);
                answers.Add(Answers(task, result, batch));
            }

            samples.AddRange(Enumerable.Range(0, batch.Count).Select(i => Summary([.. answers.Select(answer => answer[i])])));
            progress?.Report((double)samples.Count / source.Count);
        }

        return new StartsStudy(starts.Count, samples);
    }

    private static Sample Summary(Answer[] starts)
    {
        // In the order of their first starts: of groups of one size the earlier one is taken.
        Answer[]? largest = starts.Where(answer => answer.HasConverged).GroupBy(answer => answer.Text).Select(group => group.ToArray())
            .MaxBy(group => group.Length);
        return new Sample(largest?.Length ?? 0, (largest ?? starts)[0].IsRight);
    }

    private static Answer[] Answers(TrainingTask task, ImplicitResult result, Batch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        bool[] right = [.. task.Measure(result.Output, batch).First(one => one.Name == Measurement.Accuracy).Values
            .to(ScalarType.Bool).cpu().data<bool>()];
        string[] texts = Texts(result.Output, batch);

        // The samples of a coupled map are solved as one, which has one report.
        return [.. texts.Select((text, i) => new Answer(
            text, right[i], result.Report.Samples.Count == texts.Length
                ? result.Report.Samples[i].Status == SolveStatus.Converged
                : result.Report.AllConverged))];
    }

    // The class of every cell that counts.
    private static string[] Texts(Tensor output, Batch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor classes = output.argmax(1);
        Tensor asked = batch.Weights is { } weights ? where(weights.eq(0), -1, classes) : classes;
        long[] all = [.. asked.to(ScalarType.Int64).cpu().data<long>()];
        return [.. all.Chunk(all.Length / batch.Count).Select(row => string.Join(' ', row))];
    }

    // From one start.
    private readonly record struct Answer(string Text, bool IsRight, bool HasConverged);

    /// <summary>One sample.</summary>
    /// <param name="Agreeing">The most starts from which the solve converged to the same whole answer; 0 where none did.</param>
    /// <param name="IsRight">
    /// Whether that answer is right, which the most starts came to; of several that as many came to, the one from the earliest start; where
    /// no solve converged, that from the first start.
    /// </param>
    internal readonly record struct Sample(int Agreeing, bool IsRight);
}
