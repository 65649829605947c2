using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>R(u, q) = u - step grad_u E(u, q)</c>: one step down a learned energy, whose fixed points are where the energy is level, such as its
/// minimum (Jeon, Lee and Choi, "Differentiable Fixed-Point Iteration Layer", ICML 2021).
/// </summary>
/// <remarks>
/// The Jacobian <c>I - step H</c>, H the Hessian of E in u, is symmetric: the adjoint equation is the equation itself, and
/// <see cref="LinearSolvers.ConjugateGradientSolver"/> solves it where E is strongly convex at u*. Where the eigenvalues of H lie in
/// [m, L], m above 0, R contracts by the factor <c>max(|1 - step m|, |1 - step L|)</c>, least for <c>step = 2 / (m + L)</c>; Picard steps
/// longer than 2 / L diverge. Nothing is known of a learned E: watch the statuses, or measure the factor (<see cref="Contraction"/>). An
/// E that is strongly convex by construction is <c>m ||u - q||^2 / 2</c> and a convex network of u.
/// <para>
/// One evaluation is E and its derivative, with a graph also where the solve needs none; in the graph it is differentiated again, by
/// derivatives of E of the second and, with second derivatives of the loss, the third and fourth order. Products with J and its transpose
/// are the same, one backward pass. An activation without a second derivative (ReLU) makes E piecewise quadratic: softplus, tanh, or
/// squares are not.
/// </para>
/// </remarks>
public sealed class EnergyOperator : LatentOperator
{
    [ComponentName(Name = "energy")]
    private readonly nn.Module<Tensor, Tensor, Tensor> _energy;
    private readonly Func<long[], long[]>? _latentShape;

    /// <summary>
    /// Takes an energy that treats every sample by itself and is the same function in every call: batch normalisation and dropout in
    /// training mode are refused when q is bound.
    /// </summary>
    /// <param name="energy">E: takes u: [batch, ...] and q: [batch, ...], returns energies: [batch]. Owned from now on.</param>
    /// <param name="step">Length of the step: above 0 and finite, in units of u squared by those of E.</param>
    /// <param name="latentShape">
    /// Takes the shape of one sample's q, such as [2C, H, W], and returns that of its latent; default: the same.
    /// </param>
    public EnergyOperator(nn.Module<Tensor, Tensor, Tensor> energy, double step, Func<long[], long[]>? latentShape = null)
        : base(nameof(EnergyOperator))
    {
        ArgumentNullException.ThrowIfNull(energy);
        if (step is not (> 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(step), step, "The length of a step must be above 0 and finite.");
        }

        _energy = energy;
        StepLength = step;
        _latentShape = latentShape;
        RegisterComponents();
    }

    /// <summary>The length of the step down the energy.</summary>
    public double StepLength { get; }

    /// <summary>
    /// m where E is known to be strongly convex in u by m, for every q and all weights, such as 1 for <c>||u - q||^2 / 2</c> and something
    /// convex: above 0 and finite. Solves then report <c>||u - u*|| &lt;= residual / (step m)</c> in L2. You vouch for it. Default: not
    /// known.
    /// </summary>
    public double? StrongConvexity
    {
        get;
        init => field = value is null or (> 0 and < double.PositiveInfinity)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(StrongConvexity), value, "Strong convexity must be above 0 and finite.");
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">
    /// A part of the energy draws random numbers or looks across the batch in training mode.
    /// </exception>
    public override FixedPointMap Bind(Tensor q)
    {
        TensorCheck.EnsureBatch(q, nameof(q), "q", isNumber: false);
        TrainingParts.EnsureOneFunction(_energy, mayCouple: false);
        return new PerSampleMap(
            (latent, inputs) => Descend(latent, inputs.PerSample[0]),
            new MapInputs { PerSample = [q], Parameters = _energy.parameters().Where(parameter => parameter.requires_grad) })
        {
            IsSymmetric = true,

            // ||u - u*|| <= ||grad E(u)|| / m, and the residual is step times that gradient.
            ErrorBound = StrongConvexity is { } m ? new ErrorBound(1 / (StepLength * m), ResidualNorm.L2) : null,
        };
    }

    /// <inheritdoc/>
    public override Tensor StartingLatent(Tensor q) => ModuleOperator.Zeros(q, _latentShape);

    private Tensor Descend(Tensor latent, Tensor q)
    {
        if (is_inference_mode_enabled())
        {
            // What was made in that mode can have no graph: copies can.
            using IDisposable ordinary = inference_mode(false);
            using IDisposable unasked = no_grad();
            using DisposeScope copies = NewDisposeScope();
            return Descend(latent.clone(), q.clone()).MoveToOuterDisposeScope();
        }

        bool isGraph = is_grad_enabled();
        using IDisposable graph = enable_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor point = isGraph && latent.requires_grad ? latent : latent.detach().requires_grad_();
        Tensor energies = Energies(point, isGraph ? q : q.detach());
        Tensor? slope = energies.requires_grad
            ? VectorProducts.TransposeProducts(energies, [point], ones_like(energies), createGraph: isGraph)[0]
            : null;
        if (slope is null)
        {
            throw new InvalidOperationException(
                "The energy does not depend on u, or its graph does not lead to u (a detach or a no_grad in it, perhaps): "
                + "there is no gradient to descend. Compute it from u by operations that autograd can differentiate.");
        }

        return (isGraph ? latent - (slope * StepLength) : latent.detach() - (slope.detach() * StepLength)).MoveToOuterDisposeScope();
    }

    private Tensor Energies(Tensor point, Tensor q)
    {
        Tensor energies = _energy.call(point, q) ?? throw new InvalidOperationException("The energy returned null.");
        return energies.ndim == 1 && energies.shape[0] == point.shape[0] && energies.is_floating_point()
            ? energies
            : throw new ArgumentException(
                $"The energy must be one number for each sample, [{point.shape[0]}]. It is {TensorCheck.Describe(energies)}.");
    }
}
