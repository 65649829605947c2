using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>
/// Whether samples with one answer from several starts are the right ones: the trust in a network that is no contraction.
/// </summary>
/// <remarks>
/// Answers are compared however their solves ended, since an answer is there long before the residual is small: agreement tells more so
/// than among those that converged. What is NaN or infinite agrees with nothing.
/// </remarks>
/// <param name="Starts">Starts of every solve.</param>
/// <param name="Samples">One a sample, in order.</param>
internal sealed record StartsStudy(int Starts, IReadOnlyList<StartsStudy.Sample> Samples)
{
    /// <summary>Whether what is solved is turned or mirrored from start to start.</summary>
    public bool IsTurned { get; init; }

    /// <summary>
    /// The probability that a right sample has more agreeing starts than a wrong one, ties counted half: the area under the ROC curve, 0.5
    /// where agreement says nothing and 1 where it says all. NaN where all samples are right, or all are wrong.
    /// </summary>
    public double AreaUnderCurve => Area(sample => sample.Agreeing);

    /// <summary>The same area by <see cref="Sample.LeastProbability"/>.</summary>
    public double AreaOfProbability => Area(sample => sample.LeastProbability);

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
    /// <param name="source">The data, read in order; what starts turn is [batch, ..., side, side], like its outputs.</param>
    /// <param name="starts">At least two.</param>
    /// <param name="settings">How it solves; default: the network's own.</param>
    /// <param name="progress">Receives the share done.</param>
    /// <param name="cancellation">Checked before every solver step.</param>
    public static StartsStudy Measure(
        ImplicitNetwork network, TrainingTask task, BatchSource source, IReadOnlyList<TurnedStart> starts, SolveSettings? settings = null,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        settings = (settings ?? network.Settings) with { OnFailure = new AcceptMaxSteps() };
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
            foreach ((StartingPoint point, SquareSymmetry symmetry) in starts)
            {
                using ImplicitResult result = network.Run(symmetry.Of(batch.Inputs), settings, point, cancellation: cancellation);
                answers.Add(Answers(task, symmetry.Inverse.Of(result.Output), result.Report, batch));
            }

            samples.AddRange(Enumerable.Range(0, batch.Count).Select(i => Summary([.. answers.Select(answer => answer[i])])));
            progress?.Report((double)samples.Count / source.Count);
        }

        return new StartsStudy(starts.Count, samples) { IsTurned = starts.Any(start => start.Symmetry != default) };
    }

    private static Sample Summary(Answer[] starts)
    {
        // In the order of their first starts: of groups of one size the earlier one is taken.
        Answer[]? largest = starts.Where(answer => answer.Status != SolveStatus.NonFinite)
            .GroupBy(answer => answer.Text).Select(group => group.ToArray()).MaxBy(group => group.Length);
        Answer taken = (largest ?? starts)[0];
        return new Sample(largest?.Length ?? 0, taken.IsRight)
        {
            Converged = starts.Count(answer => answer.Status == SolveStatus.Converged),
            LeastProbability = taken.LeastProbability,
        };
    }

    private static Answer[] Answers(TrainingTask task, Tensor output, SolveReport report, Batch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        bool[] right = [.. task.Measure(output, batch).First(one => one.Name == Measurement.Accuracy).Values
            .to(ScalarType.Bool).cpu().data<bool>()];
        string[] texts = Texts(output, batch);
        double[] least = Least(output, batch);

        // The samples of a coupled map are solved as one, which has one report.
        return [.. texts.Select((text, i) => new Answer(
            text, right[i], least[i], report.Samples[report.Samples.Count == texts.Length ? i : 0].Status))];
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

    // The probability of the class of the least sure cell that counts.
    private static double[] Least(Tensor output, Batch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor shares = output.to(ScalarType.Float64).softmax(1).amax(1);
        Tensor asked = batch.Weights is { } weights ? where(weights.eq(0), ones_like(shares), shares) : shares;
        return [.. asked.reshape(batch.Count, -1).amin(1).cpu().data<double>()];
    }

    // By ranks; of those that are level half count.
    private double Area(Func<Sample, double> trust)
    {
        double above = 0;
        long less = 0, right = 0;
        foreach (IGrouping<double, Sample> level in Samples.GroupBy(trust).OrderBy(level => level.Key))
        {
            int isRight = level.Count(sample => sample.IsRight), isWrong = level.Count() - isRight;
            above += isRight * (less + (isWrong / 2.0));
            less += isWrong;
            right += isRight;
        }

        return above / (right * (double)less);
    }

    // From one start.
    private readonly record struct Answer(string Text, bool IsRight, double LeastProbability, SolveStatus Status);

    /// <summary>One sample.</summary>
    /// <param name="Agreeing">The most starts that came to the same whole answer; 0 where none is finite.</param>
    /// <param name="IsRight">
    /// Whether that answer is right, which the most starts came to; of several that as many came to, the one from the earliest start; where
    /// none is finite, that from the first start.
    /// </param>
    internal readonly record struct Sample(int Agreeing, bool IsRight)
    {
        /// <summary>Starts from which the solve converged.</summary>
        public int Converged { get; init; }

        /// <summary>Of that answer the probability of the cell that is the least sure.</summary>
        public double LeastProbability { get; init; }
    }
}
