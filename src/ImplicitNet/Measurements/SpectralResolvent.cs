using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Measurements;

/// <summary>
/// <c>(I + step A^T A)^-1</c> of a matrix A of no structure, by the spectrum of <c>A A^T</c> or <c>A^T A</c>, whichever is smaller: with
/// <c>B^T B = A^T A</c> and orthogonal rows, of lengths <c>sqrt s</c>, it is <c>v - B^T (step / (1 + step s)) B v</c>.
/// </summary>
/// <remarks>Made once, in float64 and in plain memory, where it lies as B, row after row; nothing is divided by a small s.</remarks>
internal sealed class SpectralResolvent
{
    private readonly long[] _shape;
    private readonly double[] _rows;
    private readonly double[] _spectrum;
    private readonly Lazy<(float[] Rows, float[] Spectrum)> _single;

    /// <summary>Computes the spectrum: some 10 n^3 multiplications, n the smaller side.</summary>
    /// <param name="matrix">A; a few thousand rows or columns at most.</param>
    public SpectralResolvent(SparseMatrix matrix)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor dense = matrix.ToTensor(ScalarType.Float64, CPU).to_dense();
        bool isWide = dense.shape[0] < dense.shape[1];
        (Tensor spectrum, Tensor vectors) = linalg.eigh(isWide ? dense.mm(dense.t()) : dense.t().mm(dense));
        spectrum = spectrum.clamp_min(0);
        Tensor rows = isWide ? vectors.t().mm(dense) : spectrum.sqrt().unsqueeze(1) * vectors.t();
        (_shape, _rows, _spectrum) = (rows.shape, [.. rows.contiguous().data<double>()], [.. spectrum.contiguous().data<double>()]);
        _single = new Lazy<(float[], float[])>(() => (Singles(_rows), Singles(_spectrum)));
    }

    /// <summary>What <see cref="Apply"/> computes with. The caller owns the tensors.</summary>
    public IReadOnlyList<Tensor> Prepare(ScalarType dtype, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        bool isSingle = dtype == ScalarType.Float32;
        Array rows = isSingle ? _single.Value.Rows : _rows, spectrum = isSingle ? _single.Value.Spectrum : _spectrum;

        // On these very arrays, which nothing writes to: tens of megabytes are not copied for every solve.
        return
        [
            frombuffer(rows, dtype).reshape(_shape).to(device).MoveToOuterDisposeScope(),
            frombuffer(spectrum, dtype).to(device).MoveToOuterDisposeScope(),
        ];
    }

    /// <summary>(I + step A^T A)^-1 v.</summary>
    /// <param name="vectors">v: [count, columns].</param>
    /// <param name="step">[], above 0.</param>
    /// <param name="prepared">As <see cref="Prepare"/> gave it.</param>
    /// <returns>A new tensor, differentiable in v and in the step. The caller owns it.</returns>
    public static Tensor Apply(Tensor vectors, Tensor step, ReadOnlySpan<Tensor> prepared)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor rows, Tensor spectrum) = (prepared[0], prepared[1]);
        Tensor shares = step / (1 + (step * spectrum));
        return (vectors - (vectors.mm(rows.t()) * shares).mm(rows)).MoveToOuterDisposeScope();
    }

    private static float[] Singles(double[] values) => Array.ConvertAll(values, value => (float)value);
}
