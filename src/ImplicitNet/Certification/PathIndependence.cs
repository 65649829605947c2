using ImplicitNet.Differentiation;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// Measures whether what a model answers depends on where its solves start (path independence: Anil, Pokle, Liang, Treutlein, Wu, Bai,
/// Kolter and Grosse, NeurIPS 2022). For a contraction they do not; for any other map the result is an observation for these data and these
/// starts.
/// </summary>
public static class PathIndependence
{
    /// <summary>Runs a model on a batch from every start, and compares what comes out.</summary>
    /// <param name="model">Any model; not changed.</param>
    /// <param name="inputs">[batch, ...]; the caller keeps it.</param>
    /// <param name="starts">At least two.</param>
    /// <param name="answers">
    /// Computes one answer per sample from the outputs, such as <c>output => output.argmax(1)</c>; default: none.
    /// </param>
    public static PathIndependenceReport Measure(
        nn.Module<Tensor, Tensor> model, Tensor inputs, IReadOnlyList<StartingPoint> starts, Func<Tensor, Tensor>? answers = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputs);
        return Measure(model, () => model.call(inputs), starts, answers);
    }

    /// <summary>Runs a model from every start, at all its implicit solves, and compares what comes out, sample by sample.</summary>
    /// <remarks>
    /// Runs without gradients. Torch's random state and the buffers are the same for every run, and are restored afterwards. A solve that
    /// does not converge never throws here, whatever the policy says: it is left out and counted. Where one solve feeds another, the later
    /// one is given what the earlier one found. Costs one run of the model for each start, and a copy of every u* and output.
    /// </remarks>
    /// <param name="model">Any model; not changed.</param>
    /// <param name="outputs">Runs the model and returns its outputs: [batch, ...], floating point, or one number.</param>
    /// <param name="starts">At least two; <see cref="StartingPoint.Operator"/> means each solve's own.</param>
    /// <param name="answers">
    /// Computes one answer per sample from the outputs: [batch], or [batch, ...] where the whole row is the answer; default: none.
    /// </param>
    /// <exception cref="ArgumentException">There are fewer than two starts, one is null, or one does not fit.</exception>
    /// <exception cref="InvalidOperationException">
    /// The model made no implicit solve, or made different ones from different starts.
    /// </exception>
    public static PathIndependenceReport Measure(
        nn.Module model, Func<Tensor> outputs, IReadOnlyList<StartingPoint> starts, Func<Tensor, Tensor>? answers = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(starts);
        return starts.Count >= 2 && !starts.Contains(null!)
            ? TorchMessage.Guarded(() => Measured(model, outputs, starts, answers))
            : throw new ArgumentException($"At least two starts are needed, none of them null. Given: {starts.Count}.", nameof(starts));
    }

    private static PathIndependenceReport Measured(
        nn.Module model, Func<Tensor> outputs, IReadOnlyList<StartingPoint> starts, Func<Tensor, Tensor>? answers)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using NetworkState state = new(model);
        Path[] paths = [.. starts.Select(start =>
        {
            state.Restore();
            return Path.Of(outputs, start, answers);
        })];
        Path first = paths[0];
        if (first.Solves.Count == 0 || paths.Any(path => path.Solves.Count != first.Solves.Count))
        {
            string made = string.Join(", ", paths.Select(path => path.Solves.Count));
            throw new InvalidOperationException(
                $"The model must make the same implicit solves from every start, at least one. It made {made}.");
        }

        SolvePaths[] solves = [.. first.Solves.Select((solve, i) => new SolvePaths(
            solve.Layer,
            Agreements([.. paths.Select(path => path.Latents[i])], [.. paths.Select(path => Path.Converged(path.Solves[i]))])))];
        int batch = first.Output.Length;
        bool[][] counts = [.. paths.Select(path => path.Counts(batch))];
        PathAgreement[] agreements = Agreements([.. paths.Select(path => path.Output)], counts);
        bool?[] same = answers is null ? [] : [.. Enumerable.Range(0, batch).Select(sample => Same(paths, counts, sample))];
        return new PathIndependenceReport(starts.Count, solves, agreements, same);
    }

    private static PathAgreement[] Agreements(double[][][] rows, bool[][] counts) =>
        rows.Any(each => each.Length != rows[0].Length || each.Zip(rows[0]).Any(pair => pair.First.Length != pair.Second.Length))
            ? throw new InvalidOperationException("The model's latents or outputs have another shape from another start.")
            : [.. Enumerable.Range(0, rows[0].Length).Select(sample => PathAgreement.Of(
                [.. rows.Select(each => each[sample])], [.. counts.Select(each => each[sample])]))];

    private static bool? Same(Path[] paths, bool[][] counts, int sample)
    {
        double[][] kept = [.. paths.Where((_, start) => counts[start][sample]).Select(path => path.Answers[sample])];
        return kept.Length < 2 ? null : Array.TrueForAll(kept, answer => answer.AsSpan().SequenceEqual(kept[0]));
    }

    /// <summary>What one start led to.</summary>
    private sealed record Path(IReadOnlyList<ScopedSolve> Solves, double[][][] Latents, double[][] Output, double[][] Answers)
    {
        public static Path Of(Func<Tensor> outputs, StartingPoint start, Func<Tensor, Tensor>? answers)
        {
            using DisposeScope tensors = NewDisposeScope();
            WarnOnFailure quiet = new() { Warn = static _ => { } };
            StartingPoint? given = start.Equals(StartingPoint.Operator) ? null : start;
            using SolveScope scope = new(settings => settings with { OnFailure = quiet }, _ => given);
            Tensor output = outputs() ?? throw new ArgumentException("The output is null.", nameof(outputs));
            double[][] answered = answers is null ? []
                : Rows(answers(output) ?? throw new ArgumentException("The answers are null.", nameof(answers)));
            return answers is null || answered.Length == (output.ndim == 0 ? 0 : output.shape[0])
                ? new Path(scope.Solves, [.. scope.Solves.Select(solve => Rows(solve.Latent))], Rows(output), answered)
                : throw new ArgumentException($"There must be one answer a sample. Given: {answered.Length}.", nameof(answers));
        }

        public static bool[] Converged(ScopedSolve solve) =>
            [.. solve.Report.Samples.Select(sample => sample.Status == SolveStatus.Converged)];

        /// <summary>The samples all of whose solves converged; what the rows of a solve of another size are to them is not known.</summary>
        public bool[] Counts(int batch) => [.. Enumerable.Range(0, batch).Select(sample => Solves.All(solve =>
            solve.Report.Samples.Count == batch
                ? solve.Report.Samples[sample].Status == SolveStatus.Converged
                : solve.Report.AllConverged))];

        private static double[][] Rows(Tensor rows)
        {
            if (rows.ndim == 0)
            {
                return [];
            }

            using DisposeScope scope = NewDisposeScope();
            double[] all = [.. rows.detach().to(ScalarType.Float64).cpu().contiguous().data<double>()];
            return rows.shape[0] == 0 ? [] : [.. all.Chunk(Math.Max(1, all.Length / (int)rows.shape[0]))];
        }
    }
}
