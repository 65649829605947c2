using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// What a <see cref="ContractionOperator"/> is built of: a module that by construction takes no two inputs further apart than they are, in
/// <see cref="Norm"/>, whatever its weights are. A <see cref="BoundedLayer"/> is linear; a <see cref="BoundedSequence"/> and a
/// <see cref="BoundedResidual"/> are made of others.
/// </summary>
public abstract class BoundedModule : nn.Module<Tensor, Tensor>, ILipschitz
{
    /// <summary>Creates the module under a name. For the library's own: yours derive from <see cref="BoundedLayer"/>.</summary>
    private protected BoundedModule(string name)
        : base(name)
    {
    }

    /// <summary>Channels of an input.</summary>
    public abstract long Inputs { get; }

    /// <summary>Channels of an output.</summary>
    public abstract long Outputs { get; }

    /// <summary>The norm of inputs and outputs, over one sample, in which the module is bounded.</summary>
    public abstract ResidualNorm Norm { get; }

    /// <summary>
    /// A rigorous upper bound of the Lipschitz constant of the module as it is applied now, computed in float64, independently of the
    /// bound that normalises the weights.
    /// </summary>
    /// <returns>Dimensionless; NaN when an element of a weight is not finite.</returns>
    public double CertifyNorm() => CertifyNorm(1);

    /// <summary>
    /// <see cref="CertifyNorm()"/> where <see cref="Norm"/> is L2; else the norm from L2 to L2 where that is known, such as of a matrix.
    /// </summary>
    /// <returns>Dimensionless; NaN where it is not known, and when an element of a weight is not finite.</returns>
    public double CertifyLipschitz() => CertifyEuclideanNorm(1);

    /// <summary>Whether <see cref="Norm"/> is another one when the weights are.</summary>
    internal virtual bool HasMovingNorm => false;

    /// <summary>A parameter whose dtype and device inputs must have.</summary>
    internal abstract Tensor Reference { get; }

    /// <summary><see cref="CertifyNorm()"/> for weights from <see cref="Prepare"/>.</summary>
    internal abstract double CertifyNorm(double factor);

    /// <summary>The same from L2 to L2, whatever <see cref="Norm"/> is; NaN where it is not known.</summary>
    internal virtual double CertifyEuclideanNorm(double factor) => Norm.Equals(ResidualNorm.L2) ? CertifyNorm(factor) : double.NaN;

    /// <summary>All that <see cref="Propagate"/> needs, so that it lengthens by the factor at most.</summary>
    /// <param name="factor">Above 0.</param>
    /// <returns>In the graph of the weights. The caller owns them.</returns>
    internal abstract IReadOnlyList<Tensor> Prepare(double factor);

    /// <summary>The module by what was prepared.</summary>
    /// <param name="input">[batch, ...], checked.</param>
    /// <param name="prepared">As <see cref="Prepare"/> gave it, possibly that of others before and behind it.</param>
    /// <param name="next">Where that of this module begins; afterwards, where that of the next does.</param>
    /// <returns>A new tensor, differentiable. The caller owns it.</returns>
    internal abstract Tensor Propagate(Tensor input, IReadOnlyList<Tensor> prepared, ref int next);

    /// <summary><c>LeakyReLU(f(x) + shift)</c> in one pass, where there is no graph and that is faster than the parts.</summary>
    /// <param name="input">[batch, ...].</param>
    /// <param name="weight">The first of what was prepared.</param>
    /// <param name="shift">The shape of the result.</param>
    /// <param name="slope">Left of 0, in [0, 1].</param>
    /// <returns>A new tensor, [batch, ...]; null, and nothing done, where it is not so. The caller owns it.</returns>
    internal virtual Tensor? TryApply(Tensor input, Tensor weight, Tensor shift, double slope) => null;

    /// <summary>The same map of the input as a kernel, for a solve that evaluates it many times.</summary>
    /// <param name="start">An input as all of them will be: [batch, ...].</param>
    /// <param name="weight">As above.</param>
    /// <param name="shift">As above. It must outlive the kernel.</param>
    /// <param name="slope">As above.</param>
    /// <returns>It; null where <see cref="TryApply"/> would return null.</returns>
    internal virtual SampleKernel? TryKernel(Tensor start, Tensor weight, Tensor shift, double slope) => null;

    /// <summary>The shapes that the module takes, for a message; null where this is one.</summary>
    internal abstract string? Wanted(long[] input);

    /// <summary>The shape of the output for an input of a shape that the module takes.</summary>
    internal abstract long[] ShapeOf(long[] input);

    /// <summary>The module by its weights as they are now.</summary>
    private protected Tensor Forward(Tensor input)
    {
        EnsureFits(input, nameof(input), "The input");
        TensorCheck.EnsureLike(input, Reference, nameof(input), "The input");
        using DisposeScope scope = NewDisposeScope();
        int next = 0;
        return TorchMessage.Guarded(() => Propagate(input, Prepare(1), ref next)).MoveToOuterDisposeScope();
    }

    /// <summary>Refuses a tensor that is no input of this module.</summary>
    /// <param name="tensor">[batch, ...].</param>
    /// <param name="name">Of the argument.</param>
    /// <param name="what">What it is, in words.</param>
    internal void EnsureFits(Tensor tensor, string name, string what)
    {
        TensorCheck.EnsureBatch(tensor, name, what);
        if (Wanted(tensor.shape) is { } wanted)
        {
            throw new ArgumentException($"{what} must be {wanted}. Given: {TensorCheck.Describe(tensor)}.", name);
        }
    }
}
