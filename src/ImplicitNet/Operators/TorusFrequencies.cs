using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The frequencies of a torus at which the symbol of a real convolution kernel is to be known: one of each conjugate
/// pair, since the symbols of the two have the same singular values.
/// </summary>
/// <remarks>
/// A symbol is <c>sum over pixels (y, x) of kernel[.., .., y, x] exp(-2 pi i (v y / height + h x / width))</c>: one product with a table.
/// </remarks>
internal sealed class TorusFrequencies
{
    private readonly int _pixels;

    // [kernel pixels, count, 2]: cosine, and minus the sine.
    private readonly double[] _table;

    public TorusFrequencies((int Height, int Width) torus, int kernelSize)
        : this(torus, (kernelSize, kernelSize))
    {
    }

    public TorusFrequencies((int Height, int Width) torus, (int Height, int Width) kernel)
    {
        _pixels = kernel.Height * kernel.Width;
        (int Vertical, int Horizontal)[] frequencies = [.. Half(torus.Height, torus.Width)];
        Count = frequencies.Length;
        _table = new double[_pixels * Count * 2];
        for (int place = 0; place < _table.Length / 2; place++)
        {
            (int pixel, int index) = Math.DivRem(place, Count);
            (int vertical, int horizontal) = frequencies[index];
            double turns =
                ((double)vertical * (pixel / kernel.Width) / torus.Height) + ((double)horizontal * (pixel % kernel.Width) / torus.Width);
            (double sine, double cosine) = Math.SinCos(2 * Math.PI * turns);
            (_table[2 * place], _table[(2 * place) + 1]) = (cosine, -sine);
        }
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>The symbol at every frequency: [count, outputs, inputs], complex; in the graph of the kernel.</summary>
    /// <param name="kernel">[outputs, inputs, height, width].</param>
    public Tensor Symbols(Tensor kernel)
    {
        Tensor table = Table(kernel, _table, Count);
        Tensor weights = kernel.reshape(-1, kernel.shape[2] * kernel.shape[3]).t();
        long[] shape = [Count, kernel.shape[0], kernel.shape[1]];
        return complex(table.select(2, 0).t().mm(weights).view(shape), table.select(2, 1).t().mm(weights).view(shape));
    }

    /// <summary>The symbol at one frequency: [outputs, inputs], complex; in the graph of the kernel.</summary>
    /// <param name="kernel">[outputs, inputs, height, width].</param>
    /// <param name="index">Which frequency, below <see cref="Count"/>.</param>
    public Tensor Symbol(Tensor kernel, int index)
    {
        double[] table = new double[_pixels * 2];
        for (int pixel = 0; pixel < _pixels; pixel++)
        {
            _table.AsSpan(2 * ((pixel * Count) + index), 2).CopyTo(table.AsSpan(2 * pixel));
        }

        Tensor parts = kernel.reshape(-1, _pixels).mm(Table(kernel, table, 1).squeeze(1));
        return parts.view_as_complex().view(kernel.shape[0], kernel.shape[1]);
    }

    private Tensor Table(Tensor kernel, double[] values, int count) =>
        tensor(values, dtype: kernel.dtype, device: kernel.device).view(_pixels, count, 2);

    private static IEnumerable<(int Vertical, int Horizontal)> Half(int height, int width)
    {
        for (int horizontal = 0; horizontal <= width / 2; horizontal++)
        {
            // The conjugate of (v, h) is (-v, -h). Columns that are their own conjugates hold each pair twice.
            bool isOwnConjugate = horizontal == 0 || 2 * horizontal == width;
            int last = isOwnConjugate ? height / 2 : height - 1;
            for (int vertical = 0; vertical <= last; vertical++)
            {
                yield return (vertical, horizontal);
            }
        }
    }
}
