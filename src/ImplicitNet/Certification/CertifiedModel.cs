using System.Globalization;
using ImplicitNet.Gradients;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// A model on one batch, run once by the exact gradient, to which others are compared: each runs it again with the same random numbers, the
/// same buffers and the same u*. Made and used in one dispose scope.
/// </summary>
internal sealed class CertifiedModel : IDisposable
{
    // Rounding of a device may be another at every run; another draw is farther off.
    private const double SameLoss = 1e-3;

    private readonly CertifierOptions _options;
    private readonly NetworkState _state;
    private readonly Tensor[] _parameters;
    private readonly Func<Tensor> _losses;
    private readonly List<CertifiedSolve> _solves = [];
    private readonly CertifiedRun _exact;
    private readonly bool _hasCounted;

    /// <summary>Runs the model by the exact gradient.</summary>
    /// <param name="options">How it is measured.</param>
    /// <param name="model">The model, whose buffers are put back; null where there is none.</param>
    /// <param name="parameters">Whose gradients are compared, where they require one.</param>
    /// <param name="losses">Runs it.</param>
    public CertifiedModel(CertifierOptions options, nn.Module? model, IEnumerable<Tensor> parameters, Func<Tensor> losses)
    {
        _options = options;
        _losses = losses;
        _parameters = [.. parameters.Where(parameter => parameter.requires_grad)];
        if (_parameters.Length == 0)
        {
            throw new InvalidOperationException("No parameter requires a gradient: there is none to certify.");
        }

        _state = new NetworkState(model);
        try
        {
            ReferenceGradient reference = new(options.Reference, options.ReferenceTolerance);
            _exact = new CertifiedRun(options, _solves, isFirst: true, reference, _parameters, losses);
            foreach ((CertifiedSolve solve, WatchedGradient watched) in _solves.Zip(_exact.Watched))
            {
                solve.Settle(watched.Gradient, watched.Direction);
            }

            _hasCounted = HasCounted();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The solves that it made.</summary>
    public IReadOnlyList<CertifiedSolve> Solves => _solves;

    /// <summary>What the model was before.</summary>
    public NetworkState State => _state;

    /// <summary>The descent conditions of the first samples of every solve.</summary>
    /// <param name="mapped">
    /// R(u*, q) of one sample, in the graph of what it depends on, where that can be had more cheaply than as a row of the batch's.
    /// </param>
    public IReadOnlyList<DescentCondition>[] Conditions(Func<int, CertifiedSolve, Tensor>? mapped) =>
        [.. _solves.Select(solve =>
        {
            int count = Math.Min(_options.ConditionSamples, solve.Counts.Count);
            return (IReadOnlyList<DescentCondition>)[.. Enumerable.Range(0, count).Select(entry => Condition(solve, entry, mapped))];
        })];

    /// <summary>The certificate of one gradient.</summary>
    /// <param name="gradient">The gradient; null for each solve's own.</param>
    /// <param name="conditions">As found.</param>
    public GradientCertificate Certify(FixedPointGradient? gradient, IReadOnlyList<DescentCondition>[] conditions)
    {
        string label = gradient?.Label
            ?? (_solves.Count == 0 ? "none" : string.Join(" + ", _solves.Select(solve => solve.Own.Label).Distinct()));
        if (!_hasCounted)
        {
            Agreement unknown = new(double.NaN, double.NaN);
            return new GradientCertificate(
                label, unknown, [.. _solves.Select((solve, i) => solve.Certificate(gradient ?? solve.Own, null, null, [], conditions[i]))]);
        }

        using DisposeScope scope = NewDisposeScope();
        _state.Restore();
        CertifiedRun run = new(_options, _solves, isFirst: false, gradient, _parameters, _losses);
        try
        {
            EnsureSame(run);
            Agreement whole = Agreement.OfLists(run.Gradients, _exact.Gradients);
            Agreement?[] bySample = [.. run.BySample.Zip(_exact.BySample, static (used, exact) =>
                used is null || exact is null ? (Agreement?)null : Agreement.OfLists(used, exact))];
            return new GradientCertificate(label, whole, [.. _solves.Select((solve, i) =>
            {
                FixedPointGradient used = gradient ?? solve.Own;
                IReadOnlyList<Agreement?> own = solve.IsPerSample && solve.Counts.Count == bySample.Length ? bySample : [];
                return solve.Certificate(used, run.Watched[i].Gradient, run.Watched[i].Direction, own, conditions[i]);
            })]);
        }
        finally
        {
            run.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _exact?.Release();
        _solves.ForEach(solve => solve.Dispose());
        _state.Dispose();
    }

    /// <summary>Whether a sample of the batch counts; of several processes each must have made as many solves.</summary>
    private bool HasCounted()
    {
        int own = _solves.Count(solve => solve.Counts.Contains(true));
        if (_options.Part.IsWhole)
        {
            return own > 0;
        }

        (int Solves, int Counted)[] all = _options.Part.All([(_solves.Count, own)]);
        return Array.TrueForAll(all, each => each.Solves == all[0].Solves)
            ? Array.Exists(all, each => each.Counted > 0)
            : throw new InvalidOperationException(
                $"Processes certify the same solves. Those of a batch's parts: {string.Join(", ", all.Select(each => each.Solves))}.");
    }

    private static void Refuse(string what) => throw new InvalidOperationException(
        $"The model is another function at every run, though torch's random state was put back: {what}.");

    private void EnsureSame(CertifiedRun run)
    {
        if (run.Watched.Count != _solves.Count)
        {
            Refuse($"it made {_solves.Count} implicit solves, then {run.Watched.Count}");
        }

        if (Math.Abs(run.Loss - _exact.Loss) > SameLoss * Math.Max(Math.Abs(run.Loss), Math.Abs(_exact.Loss)))
        {
            Refuse(string.Create(CultureInfo.InvariantCulture, $"its loss was {_exact.Loss:g6}, then {run.Loss:g6}"));
        }
    }

    private DescentCondition Condition(CertifiedSolve solve, int entry, Func<int, CertifiedSolve, Tensor>? mapped)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor value = mapped is not null ? mapped(entry, solve)
            : solve.Mapped is null ? solve.Latent
            : solve.IsPerSample ? solve.Mapped.narrow(0, entry, 1)
            : solve.Mapped.alias();
        return new DescentCondition(
            ParameterGram.Condition(value, _parameters, _options.LanczosSteps, entry), solve.FactorOf(entry));
    }
}
