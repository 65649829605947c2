using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// One implicit solve of a model, made once, with its exact direction: what gradients are compared at. Its tensors are its own.
/// </summary>
/// <param name="options">How it is measured.</param>
/// <param name="settings">How it is made.</param>
internal sealed class CertifiedSolve(CertifierOptions options, SolveSettings settings) : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private ImplicitLayer? _layer;
    private FixedPointSolution? _solution;
    private FixedPointMap? _constant;
    private Tensor? _point;
    private bool[] _counts = [];
    private double[] _residuals = [];
    private double[] _factors = [];
    private double[] _ownFactors = [];
    private double[] _referenceResiduals = [];
    private double? _certified;
    private bool _isPerSample = true;

    /// <summary>The gradient that it has when nobody says otherwise.</summary>
    public FixedPointGradient Own => settings.Gradient;

    /// <summary>g, what comes to it in the exact run: [batch, ...].</summary>
    public Tensor? Gradient { get; private set; }

    /// <summary>The exact direction for that.</summary>
    public Tensor? Exact { get; private set; }

    /// <summary>R(u*, q), in the graph of all that is before it, where a descent condition is asked for.</summary>
    public Tensor? Mapped { get; private set; }

    /// <summary>For every sample whether it counts; one in all for a coupled map.</summary>
    public IReadOnlyList<bool> Counts => _counts;

    /// <summary>Whether every entry is a sample.</summary>
    public bool IsPerSample => _isPerSample;

    /// <summary>u*: [batch, ...]. Owned by this.</summary>
    public Tensor Latent => _solution!.Latent;

    /// <summary>The solution again, for a run that makes it no more. The caller owns it.</summary>
    public FixedPointSolution Again() => Copy(_solution!);

    /// <summary>Takes what was found, and measures it.</summary>
    public void Take(ImplicitLayer? layer, FixedPointMap map, FixedPointSolution solution)
    {
        using DisposeScope scope = NewDisposeScope();
        _layer = layer;
        _isPerSample = map.IsPerSample;
        _solution = Copy(solution);
        _solution.Latent.DetachFromDisposeScope();
        foreach (Tensor term in _solution.Inverse?.Terms ?? [])
        {
            term.DetachFromDisposeScope();
        }

        IEnumerable<SampleReport> samples = _isPerSample ? solution.Report.Samples : solution.Report.Samples.Take(1);
        _counts = [.. samples.Select(sample => options.Part.IsCounted && !settings.OnFailure.Excludes(sample))];
        using (no_grad())
        {
            _residuals = Ratios(Rows(LatentContract.EvaluateCopy(map, solution.Latent) - solution.Latent), Rows(solution.Latent));
        }

        // What is said of gradients holds in L2 alone: a factor that is certified in another norm says nothing of them.
        IContraction? contraction = layer?.Operator as IContraction;
        _factors = Contraction.Measure(map, solution.Latent, options.PowerIterations);
        bool isOfLength = contraction is null or { Norm.IsOfLength: true };
        _ownFactors = isOfLength
            ? _factors
            : Contraction.Measure(map, solution.Latent, options.PowerIterations, norm: contraction!.Norm);
        _certified = isOfLength ? contraction?.CertifyFactor() : null;
    }

    /// <summary>Keeps the map that is differentiated, in which samples that count stand in for others, at its latent.</summary>
    public void Keep(FixedPointMap map, Tensor latent)
    {
        Tensor[] inputs = [.. map.Inputs.Tensors.Select(input => input.detach().DetachFromDisposeScope())];
        _constant = map.With(map.Inputs.With(inputs));
        _point = latent.detach().DetachFromDisposeScope();
        _owned.AddRange([_point, _constant, .. inputs]);
        if (options.KeepsMapped)
        {
            Mapped = LatentContract.EvaluateCopy(map, latent).DetachFromDisposeScope();
            _owned.Add(Mapped);
        }
    }

    /// <summary>Takes the end of the exact run.</summary>
    /// <param name="gradient">g; null where nothing came.</param>
    /// <param name="direction">The exact direction; null where it was not made.</param>
    public void Settle(Tensor? gradient, Tensor? direction)
    {
        if (_constant is null)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using Linearization linearization = Linearized();
        Gradient = (gradient?.detach().clone() ?? zeros_like(Latent)).DetachFromDisposeScope();
        ReferenceGradient reference = new(options.Reference, options.ReferenceTolerance);
        Exact = (direction?.clone() ?? reference.Direction(At(linearization))).DetachFromDisposeScope();
        _owned.AddRange([Gradient, Exact]);
        _referenceResiduals = LinearResiduals(linearization, Exact);
    }

    /// <summary>The certificate of one gradient, of all parts of the batch.</summary>
    /// <param name="gradient">The gradient.</param>
    /// <param name="came">What came to the solve in its run; null where nothing did, or nothing was run.</param>
    /// <param name="sent">The direction there: that for the g of the exact run, where the same came.</param>
    /// <param name="gradients">The parameter gradients of the samples' losses; empty where not asked for.</param>
    /// <param name="conditions">The descent conditions; those beyond them were not asked for.</param>
    public SolveCertificate Certificate(
        FixedPointGradient gradient,
        Tensor? came,
        Tensor? sent,
        IReadOnlyList<Agreement?> gradients,
        IReadOnlyList<DescentCondition> conditions)
    {
        SampleCertificate[] own = Samples(gradient, came, sent, gradients, conditions);
        SampleCertificate[] samples = options.Part.All(options.Part.IsCounted ? own : []);
        double[] factors = options.Part.All([.. _ownFactors.Where((_, entry) => _counts[entry])]);
        double measured = samples.Where(sample => sample.Counts && !double.IsNaN(sample.Factor))
            .Select(sample => sample.Factor).DefaultIfEmpty(double.NaN).Max();
        return new SolveCertificate(
            _layer,
            ContractionReport.Of(_layer?.Operator, factors),
            Gradient is null ? null : Theory(gradient, Below1(_certified) ?? Below1(measured)),
            samples,
            _solution!.Report,
            ErrorBound());
    }

    /// <summary>The factor that a condition is looked at with.</summary>
    public double FactorOf(int entry) => Below1(_certified) ?? _factors[entry];

    /// <inheritdoc/>
    public void Dispose()
    {
        _owned.ForEach(owned => owned.Dispose());
        _solution?.Dispose();
    }

    /// <summary>The largest of all parts; null where one of them has none.</summary>
    private double? ErrorBound()
    {
        double? own = _solution!.Report.ErrorBound;
        (bool IsKnown, double Bound)[] all = options.Part.All(
            options.Part.IsCounted ? [(own is not null, own ?? 0)] : Array.Empty<(bool, double)>());
        return Array.TrueForAll(all, each => each.IsKnown) ? all.Max(each => each.Bound) : null;
    }

    /// <summary>What is measured at the samples of this part.</summary>
    private SampleCertificate[] Samples(
        FixedPointGradient gradient,
        Tensor? came,
        Tensor? sent,
        IReadOnlyList<Agreement?> gradients,
        IReadOnlyList<DescentCondition> conditions)
    {
        if (Gradient is null)
        {
            return Samples(null, null, null, gradients, conditions);
        }

        // Made anew: buffers of R that the runs between have moved and put back would stop the graph of an earlier one.
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using Linearization linearization = Linearized();
        Tensor? direction = gradient is not AdjointGradient adjoint ? null
            : sent is not null && came is not null && came.eq(Gradient).all().ToBoolean() ? sent
            : adjoint.Direction(At(linearization));
        Tensor exact = linearization.Flatten(Exact!);
        Agreement[]? directions = direction is null ? null : Agreement.OfRows(linearization.Flatten(direction), exact);
        double[] gains = Ratios(linearization.Flatten(Gradient), exact);
        double[]? errors = direction is null
            ? null
            : [.. LinearResiduals(linearization, direction).Zip(gains, (residual, gain) => residual * gain)];
        return Samples(directions, errors, _referenceResiduals, gradients, conditions);
    }

    private static FixedPointSolution Copy(FixedPointSolution solution) => new(
        solution.Latent.alias(),
        solution.Report,
        solution.Inverse?.With([.. solution.Inverse.Terms.Select(term => term.alias())]));

    private static double? Below1(double? factor) => factor is >= 0 and < 1 ? factor : null;

    private static double? Theory(FixedPointGradient gradient, double? factor) => gradient switch
    {
        JacobianFreeGradient => factor,
        NeumannGradient neumann when factor is { } gamma => Math.Pow(gamma, neumann.Terms + 1),
        _ => null,
    };

    private static double[] Ratios(Tensor rows, Tensor scale)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor norms = linalg.vector_norm(rows.to(ScalarType.Float64), 2, [1]);
        Tensor scales = linalg.vector_norm(scale.to(ScalarType.Float64), 2, [1]);
        return [.. where(norms == 0, norms, norms / scales).cpu().data<double>()];
    }

    private Tensor Rows(Tensor latents) => latents.reshape(_counts.Length, latents.numel() / Math.Max(1, _counts.Length));

    private Linearization Linearized() => new(_constant!, _point!, AdjointContext.Advice);

    private AdjointContext At(Linearization linearization) => new(Gradient!, linearization, _solution!.Inverse, new GradientReport());

    private double[] LinearResiduals(Linearization linearization, Tensor direction)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = linearization.Flatten(Gradient!);
        return Ratios(rows - linearization.ApplyTransposed(linearization.Flatten(direction)), rows);
    }

    private SampleCertificate[] Samples(
        Agreement[]? directions,
        double[]? errors,
        double[]? references,
        IReadOnlyList<Agreement?> gradients,
        IReadOnlyList<DescentCondition> conditions) => [.. _counts.Select((counts, entry) =>
        {
            double? gamma = Below1(_certified) ?? Below1(_factors[entry]);
            return new SampleCertificate
            {
                Status = _solution!.Report.Samples[entry].Status,
                Counts = counts,
                Factor = _factors[entry],
                Residual = _residuals[entry],
                LatentBound = _residuals[entry] / (1 - gamma),
                ReferenceResidual = references?[entry] ?? double.NaN,
                Direction = directions?[entry],
                DirectionBound = errors?[entry] / (1 - gamma),
                Gradient = counts && entry < gradients.Count ? gradients[entry] : null,
                Condition = entry < conditions.Count ? conditions[entry] : null,
            };
        })];
}
