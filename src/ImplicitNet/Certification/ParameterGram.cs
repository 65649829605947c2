using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// <c>v -> M M^T v</c> for one sample, M = dR/dTheta at u* with one row for every latent: the matrix whose condition decides
/// whether JFB descends. With the transposed M of the paper it is M^T M.
/// </summary>
/// <remarks>M x is the derivative of <c>v -> &lt;M^T v, x&gt;</c>, which is linear in v: the graph of M^T v is made once.</remarks>
internal sealed class ParameterGram : IDisposable
{
    private readonly Tensor _mapped;
    private readonly Tensor[] _parameters;
    private readonly Tensor _dual;
    private readonly Tensor[] _transposed;

    /// <summary>Prepares the products.</summary>
    /// <param name="mapped">R(u*, q) of one sample, in the graph of the parameters alone; must outlive this.</param>
    /// <param name="parameters">Theta.</param>
    public ParameterGram(Tensor mapped, IReadOnlyList<Tensor> parameters)
    {
        using DisposeScope scope = NewDisposeScope();
        _mapped = mapped;
        _dual = zeros_like(mapped).requires_grad_().DetachFromDisposeScope();
        IReadOnlyList<Tensor?> products = VectorProducts.TransposeProducts(mapped, parameters, _dual, createGraph: true);
        int[] reached = [.. Enumerable.Range(0, parameters.Count).Where(position => products[position] is { requires_grad: true })];
        _parameters = [.. reached.Select(position => parameters[position])];
        _transposed = [.. reached.Select(position => products[position]!.DetachFromDisposeScope())];
    }

    /// <summary>Parameters that the sample's R depends on.</summary>
    public long Parameters => _parameters.Sum(parameter => parameter.numel());

    /// <summary>Latents.</summary>
    public long Latents => _dual.numel();

    /// <summary>kappa of M M^T for one sample; infinite without a step where there are fewer parameters than latents.</summary>
    /// <param name="mapped">R(u*, q) of the sample.</param>
    /// <param name="parameters">Theta.</param>
    /// <param name="steps">The most Lanczos steps.</param>
    /// <param name="seed">Of the first vector.</param>
    public static ConditionNumber Condition(Tensor mapped, IReadOnlyList<Tensor> parameters, int steps, long seed)
    {
        ConditionNumber infinite = new(double.PositiveInfinity, ConditionStatus.RankDeficient, 0);
        if (!mapped.requires_grad)
        {
            return infinite;
        }

        using DisposeScope scope = NewDisposeScope();
        using ParameterGram gram = new(mapped, parameters);
        if (gram.Parameters < gram.Latents)
        {
            return infinite;
        }

        using Generator generator = new((ulong)seed, CPU);
        Tensor start = randn([gram.Latents], ScalarType.Float64, generator: generator).to(mapped.device);
        double epsilon = Precision.Of(mapped.dtype).Epsilon;
        return Lanczos.Condition(gram.Apply, start, steps, epsilon);
    }

    /// <summary>The product with v: float64 [n]; computed in the dtype of the latents.</summary>
    public Tensor Apply(Tensor vector)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable graph = enable_grad();
        Tensor v = vector.to(_dual.dtype).reshape(_dual.shape);
        IReadOnlyList<Tensor?> directions = VectorProducts.TransposeProducts(_mapped, _parameters, v);
        Tensor sum = _transposed.Zip(directions, (product, direction) => (product * direction!.detach()).sum()).Aggregate((a, b) => a + b);
        Tensor gram = VectorProducts.TransposeProduct(sum, _dual, ones_like(sum));
        return gram.detach().reshape(-1).to(ScalarType.Float64).alias().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _dual.Dispose();
        foreach (Tensor tensor in _transposed)
        {
            tensor.Dispose();
        }
    }
}
