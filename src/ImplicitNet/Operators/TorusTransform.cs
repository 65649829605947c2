using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The Fourier transform of real images of one size as a matrix, and its inverse: on small images a product with it takes less than a fast
/// transform, and gives the spectra in the order in which products with matrices of channels take them.
/// </summary>
internal sealed class TorusTransform
{
    // Pixels above which the matrices are left to the fast transform: 16 MB in float32.
    private const int MostPixels = 1024;

    private static readonly ConcurrentDictionary<(int Height, int Width), TorusTransform> Known = new();

    private readonly double[] _forward;
    private readonly double[] _inverse;

    private TorusTransform((int Height, int Width) size)
    {
        int pixels = size.Height * size.Width;
        int columns = (size.Width / 2) + 1;
        Frequencies = size.Height * columns;
        _forward = new double[2 * Frequencies * pixels];
        _inverse = new double[_forward.Length];
        for (int index = 0; index < Frequencies; index++)
        {
            (int vertical, int horizontal) = Math.DivRem(index, columns);

            // One of each conjugate pair is kept, and counts for two; the columns that are their own conjugates are kept whole.
            double weight = (horizontal == 0 || 2 * horizontal == size.Width ? 1.0 : 2.0) / pixels;
            for (int pixel = 0; pixel < pixels; pixel++)
            {
                (int y, int x) = Math.DivRem(pixel, size.Width);
                double turns = ((double)(vertical * y % size.Height) / size.Height) + ((double)(horizontal * x % size.Width) / size.Width);
                (double sine, double cosine) = Math.SinCos(2 * Math.PI * turns);
                (int real, int imaginary) = ((index * pixels) + pixel, ((Frequencies + index) * pixels) + pixel);
                (_forward[real], _forward[imaginary]) = (cosine, -sine);
                (_inverse[real], _inverse[imaginary]) = (weight * cosine, -weight * sine);
            }
        }
    }

    /// <summary>One of each conjugate pair, in the order of <c>rfft2</c>.</summary>
    public int Frequencies { get; }

    /// <summary>That of a size; null of large images.</summary>
    public static TorusTransform? For((int Height, int Width) size) =>
        size.Height * size.Width <= MostPixels ? Known.GetOrAdd(size, static size => new TorusTransform(size)) : null;

    /// <summary>From pixels to the real, then the imaginary parts of the spectrum: [2 frequencies, pixels]. The caller owns it.</summary>
    public Tensor Forward(Tensor like) => Table(_forward, like);

    /// <summary>Back: [2 frequencies, pixels]. The caller owns it.</summary>
    public Tensor Inverse(Tensor like) => Table(_inverse, like);

    private Tensor Table(double[] values, Tensor like)
    {
        using DisposeScope scope = NewDisposeScope();
        return tensor(values).reshape(2 * Frequencies, -1).to(like.dtype).to(like.device).MoveToOuterDisposeScope();
    }
}
