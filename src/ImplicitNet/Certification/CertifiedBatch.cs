using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>One batch, solved and differentiated exactly, to which gradients are compared. Made and used in one dispose scope.</summary>
internal sealed class CertifiedBatch : IDisposable
{
    private readonly GradientCertifier _options;
    private readonly ImplicitNetwork _network;
    private readonly Tensor[] _theta;
    private readonly Tensor _q;
    private readonly Tensor _draws;
    private FixedPointMap _map;
    private FixedPointSolution _solution;
    private readonly FixedPointMap _constant;
    private readonly Linearization _linearization;
    private readonly Tensor _mapped;
    private readonly LossGradient _loss;
    private readonly Tensor _exact;
    private readonly bool[] _counts;
    private readonly double[] _referenceResiduals;
    private readonly double[] _residuals;
    private readonly double[] _factors;
    private readonly double? _certified;

    public CertifiedBatch(GradientCertifier options, ImplicitNetwork network, Tensor data, Func<Tensor, Tensor> losses)
    {
        (_options, _network) = (options, network);
        _theta = [.. network.Encoder.parameters().Concat(network.Layer.parameters()).Where(parameter => parameter.requires_grad)];
        if (!network.parameters().Any(parameter => parameter.requires_grad))
        {
            throw new InvalidOperationException("No parameter of the network requires a gradient: there is none to certify.");
        }

        _q = network.Encode(data);
        TrainingParts.EnsureOneFunction(network.Layer.Operator, mayCouple: true);
        _draws = RandomState.Get();
        _map = network.Layer.Operator.Bind(_q);
        if (!_map.IsPerSample)
        {
            _map.Dispose();
            throw new InvalidOperationException("The network's map couples the samples of a batch; certificates are sample by sample.");
        }

        try
        {
            SolveSettings settings = network.Settings;
            _solution = AttachedSolve.Solve(
                _map, network.Layer.Operator.StartingLatent(_q), new SolveCall(settings, null, null, CancellationToken.None));
            _counts = [.. _solution.Report.Samples.Select(sample => !settings.OnFailure.Excludes(sample))];
            _residuals = Ratios(
                Rows(LatentContract.EvaluateCopy(_map, _solution.Latent).detach() - _solution.Latent), Rows(_solution.Latent));
            _factors = Contraction.Measure(_map, _solution.Latent, options.PowerIterations);
            LeaveOut();
            _mapped = LatentContract.EvaluateCopy(_map, _solution.Latent);
            _constant = _map.With(_map.Inputs.Select(input => input.detach()));
            _linearization = new Linearization(_constant, _solution.Latent, AdjointContext.Advice);
            _loss = new LossGradient(network, _mapped, losses, _solution.Report, _counts);
            double tolerance = options.ReferenceTolerance ?? Precision.Of(_loss.Latents.dtype).ReferenceTolerance;
            _exact = At(new GradientReport()).Solve(options.Reference, tolerance);
            _referenceResiduals = LinearResiduals(_exact);
            _certified = (network.Layer.Operator as IContraction)?.CertifyFactor();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The certificate of one gradient.</summary>
    public GradientCertificate Certify(FixedPointGradient gradient, DescentCondition?[] conditions)
    {
        if (!_counts.Contains(true))
        {
            Agreement unknown = new(double.NaN, double.NaN);
            return new GradientCertificate(
                gradient.Label, unknown, null, ContractionReport.Of(_network.Layer.Operator, []), Samples(_mapped, null, conditions));
        }

        using DisposeScope scope = NewDisposeScope();
        GradientReport report = new();
        Tensor? direction = null;
        Tensor attached = _mapped;
        if (gradient is AdjointGradient adjoint)
        {
            adjoint.EnsureUsable(_solution);
            using IDisposable noGraph = no_grad();
            direction = adjoint.Direction(At(report));
        }
        else
        {
            attached = gradient.Attach(_map, _solution, report);
        }

        IReadOnlyList<Tensor?> used = Reach(attached, direction ?? _loss.Latents);
        report.ThrowIfFailed();
        Agreement whole = Agreement.OfLists(Whole(used, _loss.Readout), Whole(Reach(_mapped, _exact), _loss.Readout));
        SampleCertificate[] samples = Samples(attached, direction, conditions);
        ContractionReport contraction = ContractionReport.Of(_network.Layer.Operator, [.. _factors.Where((_, sample) => _counts[sample])]);
        return new GradientCertificate(
            gradient.Label, whole, Theory(gradient, Below1(_certified) ?? Below1(contraction.Measured)), contraction, samples);
    }

    /// <summary>The descent condition of the first samples, null for the others.</summary>
    public DescentCondition?[] Conditions(Tensor data)
    {
        DescentCondition?[] conditions = new DescentCondition?[_counts.Length];
        for (int sample = 0; sample < Math.Min(_options.ConditionSamples, _counts.Length); sample++)
        {
            using DisposeScope scope = NewDisposeScope();

            // In training mode the encoder may look across the batch.
            Tensor q = _network.training ? _q.narrow(0, sample, 1) : _network.Encoder.call(data.narrow(0, sample, 1));
            using FixedPointMap map = _network.Layer.Operator.Bind(q);
            Tensor mapped = LatentContract.EvaluateCopy(map, _solution.Latent.narrow(0, sample, 1));
            conditions[sample] = new DescentCondition(
                ParameterGram.Condition(mapped, _theta, _options.LanczosSteps, sample), Below1(_certified) ?? _factors[sample]);
        }

        return conditions;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _linearization?.Dispose();
        _constant?.Dispose();
        _solution?.Dispose();
        _map.Dispose();
    }

    private AdjointContext At(GradientReport report) => new(_loss.Latents, _linearization, _solution.Inverse, report);

    /// <summary>Lets samples that count stand in for those that do not, which may be NaN: nothing is sent back to them.</summary>
    private void LeaveOut()
    {
        SampleMask mask = new(_counts);
        if (!mask.All)
        {
            FixedPointMap whole = _map;
            _map = RandomState.Again(_draws, () => _network.Layer.Operator.Bind(mask.Neutral(_q)));
            whole.Dispose();
            using Tensor latent = _solution.Latent;
            _solution = new FixedPointSolution(mask.Neutral(latent), _solution.Report, _solution.Inverse);
        }
    }

    private static Tensor Rows(Tensor latents) => latents.reshape(latents.shape[0], -1);

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

    /// <summary>The gradient of all parameters: those before the latents, then those of the readout; one that is both is summed.</summary>
    private Tensor?[] Whole(IReadOnlyList<Tensor?> before, IReadOnlyList<Tensor?> readout)
    {
        List<Tensor?> whole = [.. before];
        foreach ((Tensor parameter, Tensor? gradient) in _loss.Parameters.Zip(readout))
        {
            int shared = Array.FindIndex(_theta, each => each.Handle == parameter.Handle);
            if (shared < 0)
            {
                whole.Add(gradient);
            }
            else
            {
                whole[shared] = whole[shared] is { } first && gradient is not null ? first + gradient : whole[shared] ?? gradient;
            }
        }

        return [.. whole];
    }

    /// <summary>What a direction becomes at the parameters through R and the encoder.</summary>
    private IReadOnlyList<Tensor?> Reach(Tensor attached, Tensor direction) =>
        attached.requires_grad ? VectorProducts.TransposeProducts(attached, _theta, direction) : new Tensor?[_theta.Length];

    private double[] LinearResiduals(Tensor direction)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = _linearization.Flatten(_loss.Latents);
        return Ratios(rows - _linearization.ApplyTransposed(_linearization.Flatten(direction)), rows);
    }

    private SampleCertificate[] Samples(Tensor attached, Tensor? direction, DescentCondition?[] conditions)
    {
        Agreement[]? directions = direction is null
            ? null
            : Agreement.OfRows(_linearization.Flatten(direction), _linearization.Flatten(_exact));
        double[]? residuals = direction is null ? null : LinearResiduals(direction);
        double[] gains = Ratios(_linearization.Flatten(_loss.Latents), _linearization.Flatten(_exact));
        return [.. _counts.Select((counts, sample) =>
        {
            double? gamma = Below1(_certified) ?? Below1(_factors[sample]);
            return new SampleCertificate
            {
                Status = _solution.Report.Samples[sample].Status,
                Counts = counts,
                Factor = _factors[sample],
                Residual = _residuals[sample],
                LatentBound = _residuals[sample] / (1 - gamma),
                ReferenceResidual = _referenceResiduals[sample],
                Direction = directions?[sample],
                DirectionBound = residuals?[sample] * gains[sample] / (1 - gamma),
                Gradient = _options.GradientsBySample && counts ? GradientOf(sample, attached, direction) : null,
                Condition = conditions[sample],
            };
        })];
    }

    private Agreement GradientOf(int sample, Tensor attached, Tensor? direction)
    {
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyList<Tensor?> readout = _loss.ReadoutOf(sample);
        IReadOnlyList<Tensor?> used = Reach(attached, Only(direction ?? _loss.Latents, sample));
        return Agreement.OfLists(Whole(used, readout), Whole(Reach(_mapped, Only(_exact, sample)), readout));
    }

    private static Tensor Only(Tensor rows, int sample)
    {
        Tensor only = zeros_like(rows);
        only[sample] = rows[sample];
        return only;
    }
}
