using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.LinearSolvers;

/// <summary>Systems of every kind that a linear solver meets, by name: matrices [batch, n, n] and right sides [batch, n].</summary>
public static class LinearProblemCases
{
    private const int Size = 20;

    private static readonly Dictionary<string, Func<(Tensor Matrices, Tensor Right)>> Cases = new()
    {
        ["I - J, norm 0.5"] = () => Contraction(8, 0.5),
        ["I - J, norm 0.9"] = () => Contraction(8, 0.9),
        ["I - J, norm 0.99"] = () => Contraction(8, 0.99),
        ["I - J, batch of one"] = () => Contraction(1, 0.9),
        ["I - J, 64 samples of many norms"] = () => OfManyNorms(64),
        ["one dimension"] = () => ((Gaussian(5, 1, 1).tanh() * 0.8) + 1, Gaussian(5, 1)),
        ["rotations by 90 degrees"] = () => (Rotations(Math.PI / 2), Gaussian(4, Size)),
        ["rotations by 60 degrees"] = () => (Rotations(Math.PI / 3), Gaussian(4, Size)),
        ["cyclic shift"] = () => (eye(8, dtype: ScalarType.Float64).roll(1, 0).unsqueeze(0), eye(1, 8, dtype: ScalarType.Float64)),
        ["symmetric positive"] = () => (WithSingularValues(4, 1, 20, isSymmetric: true), Gaussian(4, Size)),
        ["condition 1e8"] = () => Consistent(WithSingularValues(4, 1e-8, 1, isSymmetric: false)),
        ["singular, consistent"] = () => Consistent(Singular(4)),
        ["singular, inconsistent"] = () => (Singular(4), Gaussian(4, Size)),
        ["zero operator"] = () => (zeros([2, 4, 4], ScalarType.Float64), Gaussian(2, 4)),
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> All => Cases.Keys;

    /// <summary>The problem of that name, the same every time.</summary>
    public static (Tensor Matrices, Tensor Right) Named(string name, ScalarType dtype = ScalarType.Float64)
    {
        random.manual_seed(7);
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = Cases[name]();
        return (matrices.to(dtype).contiguous().MoveToOuterDisposeScope(), right.to(dtype).contiguous().MoveToOuterDisposeScope());
    }

    private static Tensor Gaussian(params long[] shape) => randn(shape, ScalarType.Float64);

    /// <summary>Matrices I - J, J Gaussian with the L2 norm given.</summary>
    private static (Tensor Matrices, Tensor Right) Contraction(int count, double norm)
    {
        Tensor gaussian = Gaussian(count, Size, Size);
        Tensor scale = linalg.svdvals(gaussian).amax([1]).reshape(count, 1, 1);
        return (eye(Size, dtype: ScalarType.Float64) - (gaussian / scale * norm), Gaussian(count, Size));
    }

    private static (Tensor Matrices, Tensor Right) OfManyNorms(int count)
    {
        (Tensor matrices, Tensor right) = Contraction(count, 1);
        Tensor identity = eye(Size, dtype: ScalarType.Float64);
        Tensor norms = linspace(0, 0.97, count, dtype: ScalarType.Float64).reshape(count, 1, 1);
        return (identity - ((identity - matrices) * norms), right);
    }

    private static Tensor Rotations(double angle)
    {
        Tensor turn = tensor(new[,] { { Math.Cos(angle), -Math.Sin(angle) }, { Math.Sin(angle), Math.Cos(angle) } });
        Tensor sizes = linspace(0.5, 2, Size / 2, dtype: ScalarType.Float64);
        return kron(diag(sizes), turn).unsqueeze(0).repeat(4, 1, 1);
    }

    private static Tensor WithSingularValues(int count, double least, double most, bool isSymmetric)
    {
        (Tensor left, _) = linalg.qr(Gaussian(count, Size, Size));
        (Tensor right, _) = linalg.qr(Gaussian(count, Size, Size));
        Tensor values = logspace(Math.Log10(most), Math.Log10(least), Size, dtype: ScalarType.Float64);
        return (left * values).TimesTransposeOf(isSymmetric ? left : right);
    }

    private static Tensor Singular(int count)
    {
        (Tensor left, _) = linalg.qr(Gaussian(count, Size, Size));
        Tensor values = cat([zeros([3], ScalarType.Float64), linspace(0.2, 1, Size - 3, dtype: ScalarType.Float64)]);
        return (left * values).TimesTransposeOf(left);
    }

    private static (Tensor Matrices, Tensor Right) Consistent(Tensor matrices) =>
        (matrices, bmm(matrices, Gaussian(matrices.shape[0], Size, 1)).squeeze(2));

    /// <summary>left right^T, of every sample.</summary>
    private static Tensor TimesTransposeOf(this Tensor left, Tensor right) => bmm(left, right.transpose(1, 2));
}
