using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// An implicit network <c>N(d) = S(u*)</c>, <c>u* = R(u*, Q(d))</c>: encoder Q, operator R, readout S.
/// </summary>
/// <remarks>
/// The encoder runs once for each call, with its graph, so that its dropout masks are the same in the solve and in the
/// gradient. Solver, stopping rule, gradient and failure policy are those of the <see cref="Layer"/>.
/// </remarks>
public sealed class ImplicitNetwork : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "encoder")]
    private readonly nn.Module<Tensor, Tensor> _encoder;

    [ComponentName(Name = "latent")]
    private readonly ImplicitLayer _layer;

    [ComponentName(Name = "readout")]
    private readonly nn.Module<Tensor, Tensor> _readout;

    /// <summary>Creates the network; it owns its three parts from now on.</summary>
    /// <param name="encoder">Q: data [batch, ...] to q [batch, ...].</param>
    /// <param name="latentOperator">R: latents and q to latents.</param>
    /// <param name="readout">S: latents [batch, ...] to outputs [batch, ...].</param>
    public ImplicitNetwork(nn.Module<Tensor, Tensor> encoder, LatentOperator latentOperator, nn.Module<Tensor, Tensor> readout)
        : base(nameof(ImplicitNetwork))
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(readout);
        _encoder = encoder;
        _layer = new ImplicitLayer(latentOperator);
        _readout = readout;
        RegisterComponents();
    }

    /// <summary>Q.</summary>
    public nn.Module<Tensor, Tensor> Encoder => _encoder;

    /// <summary>The implicit layer around R.</summary>
    public ImplicitLayer Layer => _layer;

    /// <summary>S.</summary>
    public nn.Module<Tensor, Tensor> Readout => _readout;

    /// <inheritdoc cref="ImplicitLayer.Settings"/>
    public SolveSettings Settings { get => _layer.Settings; set => _layer.Settings = value; }

    /// <inheritdoc cref="ImplicitLayer.Solver"/>
    public FixedPointSolver Solver { get => _layer.Solver; set => _layer.Solver = value; }

    /// <inheritdoc cref="ImplicitLayer.Stopping"/>
    public StoppingRule Stopping { get => _layer.Stopping; set => _layer.Stopping = value; }

    /// <inheritdoc cref="ImplicitLayer.Gradient"/>
    public FixedPointGradient Gradient { get => _layer.Gradient; set => _layer.Gradient = value; }

    /// <inheritdoc cref="ImplicitLayer.OnFailure"/>
    public FailurePolicy OnFailure { get => _layer.OnFailure; set => _layer.OnFailure = value; }

    /// <summary>Computes N(d).</summary>
    /// <param name="data">d: [batch, ...].</param>
    /// <returns>[batch, ...]. The caller owns it.</returns>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    public override Tensor forward(Tensor data) => Run(data).OutputAlone();

    /// <summary>Computes N(d), like <see cref="forward"/>, with the reports of the solve and of backward passes through it.</summary>
    /// <param name="data">d: [batch, ...]; the caller keeps it.</param>
    /// <param name="settings">How this call solves; default: the network's <see cref="Settings"/>.</param>
    /// <param name="start">Where the solve starts; default <see cref="StartingPoint.Operator"/>.</param>
    /// <param name="trace">Receives the residuals of every step, when given.</param>
    /// <param name="penalty">With gradients enabled, fills <see cref="ImplicitResult.Penalties"/>; default: none.</param>
    /// <param name="cancellation">Checked before every step of the solve.</param>
    /// <returns>The output and the report. The caller owns it.</returns>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    public ImplicitResult Run(
        Tensor data,
        SolveSettings? settings = null,
        StartingPoint? start = null,
        ResidualTrace? trace = null,
        JacobianPenalty? penalty = null,
        CancellationToken cancellation = default) =>
        TorchMessage.Guarded(() => RunOnce(data, settings, start, trace, penalty, cancellation));

    private ImplicitResult RunOnce(
        Tensor data, SolveSettings? settings, StartingPoint? start, ResidualTrace? trace, JacobianPenalty? penalty,
        CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = Encode(data);
        ImplicitResult solved = _layer.Run(q, settings, start, trace, penalty, cancellation);
        Tensor output = Read(solved);
        return new ImplicitResult(
            output.MoveToOuterDisposeScope(), solved.Latent.MoveToOuterDisposeScope(), solved.Report, solved.Gradient, [.. solved.Included])
        {
            Penalties = solved.Penalties?.MoveToOuterDisposeScope(),
        };
    }

    /// <summary>The declared, certified and measured contraction factor at the fixed points of a batch.</summary>
    /// <param name="data">d: [batch, ...].</param>
    /// <returns>The factors, dimensionless; see <see cref="Contraction.Report"/>. Nothing is measured for an empty batch.</returns>
    public ContractionReport MeasureContraction(Tensor data) => TorchMessage.Guarded(() => Measured(data));

    private ContractionReport Measured(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor q = Encode(data);
        using ImplicitResult solved = _layer.Run(q);
        return Contraction.Report(_layer.Operator, q, solved.Output);
    }

    /// <summary>
    /// Q(d). A sample whose data are not finite is NaN, and spoils no other: where weights or statistics could learn from it, another
    /// sample stands in for it in the encoder, and nothing is sent back to it.
    /// </summary>
    internal Tensor Encode(Tensor data)
    {
        TensorCheck.EnsureBatch(data, nameof(data), "The data", isNumber: false);
        if (!data.is_floating_point() || !(is_grad_enabled() || training))
        {
            return ForeignModule.Call(_encoder, data, "encoder");
        }

        SampleMask finite = SampleMask.OfFinite(data);
        Tensor q = ForeignModule.Call(_encoder, finite.Neutral(data), "encoder");
        return finite.All || !q.is_floating_point() || q.ndim == 0 || q.shape[0] != data.shape[0]
            ? q
            : finite.Choose(q, full([1], double.NaN, q.dtype, q.device));
    }

    /// <summary>S(u), in which samples that do not count take no part.</summary>
    internal Tensor Read(ImplicitResult solved)
    {
        SampleMask included = new([.. solved.Included]);
        if (included.All || !is_grad_enabled())
        {
            return ForeignModule.Call(_readout, solved.Output, "readout");
        }

        Tensor output = ForeignModule.Call(_readout, solved.Output, "readout");
        Tensor values = SampleMask.OfFinite(solved.Latent).Choose(output.detach(), full([1], double.NaN, output.dtype, output.device));
        if (included.None)
        {
            return SampleMask.Unmoved(values, [solved.Output, .. _readout.parameters()]);
        }

        return included.Choose(
            SampleMask.OfFinite(output).All ? output : ForeignModule.Call(_readout, included.Neutral(solved.Output), "readout"), values);
    }
}
