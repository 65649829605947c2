using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>One run of a model, from its data to the gradient of its parameters, by one gradient at every solve.</summary>
internal sealed class CertifiedRun : SolveWatch
{
    private readonly CertifierOptions _options;
    private readonly List<CertifiedSolve> _solves;
    private readonly FixedPointGradient? _gradient;
    private readonly bool _isFirst;
    private readonly IReadOnlyList<Tensor> _parameters;
    private readonly List<WatchedGradient> _watched = [];

    /// <summary>Runs it.</summary>
    /// <param name="options">How it is measured.</param>
    /// <param name="solves">Those of the first run; the first one fills them in, and its gradient is the reference.</param>
    /// <param name="isFirst">Whether this is it: the others take u* from it.</param>
    /// <param name="gradient">The gradient; null for each solve's own.</param>
    /// <param name="parameters">Those of the model that require a gradient.</param>
    /// <param name="losses">Runs the model.</param>
    public CertifiedRun(
        CertifierOptions options,
        List<CertifiedSolve> solves,
        bool isFirst,
        FixedPointGradient? gradient,
        IReadOnlyList<Tensor> parameters,
        Func<Tensor> losses)
    {
        (_options, _solves, _isFirst, _gradient, _parameters) = (options, solves, isFirst, gradient, parameters);
        try
        {
            Gradients = Run(losses);
        }
        catch
        {
            Release();
            throw;
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>The gradient of every parameter.</summary>
    public IReadOnlyList<Tensor?> Gradients { get; }

    /// <summary>The loss.</summary>
    public double Loss { get; private set; }

    /// <summary>What was seen at each solve.</summary>
    public IReadOnlyList<WatchedGradient> Watched => _watched;

    /// <summary>
    /// The gradient of every sample's loss, null for one that does not count; empty where not asked for, or where the loss is one number.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<Tensor?>?> BySample { get; private set; } = [];

    /// <summary>Releases what was seen.</summary>
    public void Release() => _watched.ForEach(watched => watched.Dispose());

    /// <inheritdoc/>
    protected override SolveCall Change(SolveCall call) => call;

    /// <inheritdoc/>
    protected override SolveCall Settle(SolveCall call)
    {
        if (_isFirst)
        {
            _solves.Add(new CertifiedSolve(_options, call.Settings));
        }
        else if (_watched.Count == _solves.Count)
        {
            throw new InvalidOperationException(
                $"The model made {_solves.Count} implicit solves, and now makes another: it is another function at every run.");
        }

        CertifiedSolve solve = _solves[_watched.Count];
        WatchedGradient watched = new(solve, _gradient ?? solve.Own, _isFirst);
        _watched.Add(watched);
        return call with { Settings = call.Settings with { Gradient = watched } };
    }

    /// <inheritdoc/>
    protected override FixedPointSolution? Recall() => _isFirst ? null : _solves[_watched.Count - 1].Again();

    /// <inheritdoc/>
    protected override void Show(nn.Module? layer, FixedPointMap map, FixedPointSolution solution)
    {
        if (_isFirst)
        {
            _solves[^1].Take(layer as ImplicitLayer, map, solution);
        }
    }

    /// <inheritdoc/>
    protected override void Tell(nn.Module? layer, SolveSettings settings, ImplicitResult result)
    {
    }

    private IReadOnlyList<Tensor?> Run(Func<Tensor> losses)
    {
        using SolveScope scope = new();
        Tensor found = losses() ?? throw new ArgumentException("The losses are null.", nameof(losses));
        bool isWhole = found.ndim == 0;
        if (isWhole && !_options.Part.IsWhole)
        {
            throw new ArgumentException("Several processes certify losses that are one for each sample.", nameof(losses));
        }

        if (!isWhole && found.shape[0] == 0)
        {
            throw new ArgumentException("At least one sample is needed: there are no losses.", nameof(losses));
        }

        bool[] counts = isWhole ? [] : [.. scope.Included(found.shape[0]).Select(isCounted => isCounted && _options.Part.IsCounted)];
        Tensor loss = isWhole ? found : new SampleMask(counts).Average(found);
        if (!loss.requires_grad)
        {
            throw new ArgumentException("The losses do not depend on the outputs, or gradients were disabled in between.", nameof(losses));
        }

        (loss, Loss) = OverParts(loss, counts.Count(value => value));
        Tensor[] leaves = [.. _watched.Select(watched => watched.Leaf).OfType<Tensor>()];
        IReadOnlyList<Tensor?> products = Products(loss, [.. _parameters, .. leaves]);
        int leaf = _parameters.Count;
        foreach (WatchedGradient watched in _watched)
        {
            watched.Close(watched.Leaf is null ? null : products[leaf++]);
        }

        if (_options.GradientsBySample && !isWhole)
        {
            double scale = 1.0 / Math.Max(1, counts.Count(value => value));
            BySample = [.. counts.Select((isCounted, sample) => isCounted ? Products(found[sample] * scale, _parameters) : null)];
        }

        foreach (ScopedSolve solve in scope.Solves)
        {
            solve.Gradient.ThrowIfFailed();
        }

        return _options.Part.Sums([.. products.Take(_parameters.Count)], _parameters);
    }

    /// <summary>The part of the batch's mean loss that is this process's, and the whole of it.</summary>
    /// <param name="mean">Over this process's samples; in the graph.</param>
    /// <param name="count">How many of them count.</param>
    private (Tensor Own, double Whole) OverParts(Tensor mean, int count)
    {
        double own = mean.ToDouble();
        if (_options.Part.IsWhole)
        {
            return (mean, own);
        }

        double[] all = _options.Part.Sums(count, count == 0 ? 0 : count * own);
        return (mean * (count == 0 ? 0 : count / all[0]), all[1] / all[0]);
    }

    private static IReadOnlyList<Tensor?> Products(Tensor loss, IReadOnlyList<Tensor> parameters) =>
        VectorProducts.TransposeProducts(loss, parameters, ones_like(loss));
}
