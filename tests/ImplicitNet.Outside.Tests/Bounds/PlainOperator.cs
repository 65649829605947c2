using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Bounds;

/// <summary>A linear operator as a plain matrix, built column by column, and its norm by two ways that know nothing of the library's.</summary>
internal sealed class PlainOperator
{
    // Below this side a decomposition takes a few milliseconds.
    private const int DecomposedSide = 150;
    private const int PowerSteps = 60;

    private readonly double[] _elements;
    private readonly int _rows;
    private readonly int _columns;

    private PlainOperator(double[] elements, int rows, int columns)
    {
        (_elements, _rows, _columns) = (elements, rows, columns);
    }

    /// <summary>A matrix, [outputs, inputs].</summary>
    public static PlainOperator OfMatrix(double[] weight, int outputs, int inputs) => new(weight, outputs, inputs);

    /// <summary>The zero-padded convolution of stride 1 that keeps the size of images.</summary>
    /// <param name="kernel">[outputs, inputs, side, side].</param>
    /// <param name="outputs">Channels out.</param>
    /// <param name="inputs">Channels in.</param>
    /// <param name="side">Of the kernel.</param>
    /// <param name="height">Of the images.</param>
    /// <param name="width">Of the images.</param>
    public static PlainOperator OfKernel(double[] kernel, int outputs, int inputs, int side, int height, int width) =>
        OfKernel(kernel, outputs, inputs, (side, side), height, width, stride: 1);

    /// <summary>The same with a kernel of two sides, at every so many-th pixel only.</summary>
    public static PlainOperator OfKernel(
        double[] kernel, int outputs, int inputs, (int Height, int Width) sides, int height, int width, int stride)
    {
        (int lower, int narrower) = ((height + stride - 1) / stride, (width + stride - 1) / stride);
        int pixels = height * width, columns = inputs * pixels, rows = outputs * lower * narrower;
        double[] elements = new double[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            (int output, int place) = Math.DivRem(row, lower * narrower);
            (int y, int x) = (place / narrower * stride, place % narrower * stride);
            for (int input = 0; input < inputs; input++)
            {
                for (int pixel = 0; pixel < sides.Height * sides.Width; pixel++)
                {
                    int fromY = y + (pixel / sides.Width) - (sides.Height / 2), fromX = x + (pixel % sides.Width) - (sides.Width / 2);
                    if (fromY >= 0 && fromY < height && fromX >= 0 && fromX < width)
                    {
                        int column = (input * pixels) + (fromY * width) + fromX;
                        elements[(row * columns) + column] = kernel[(((output * inputs) + input) * sides.Height * sides.Width) + pixel];
                    }
                }
            }
        }

        return new PlainOperator(elements, rows, columns);
    }

    /// <summary>The adjoint.</summary>
    public PlainOperator Transposed()
    {
        double[] elements = new double[_elements.Length];
        for (int place = 0; place < elements.Length; place++)
        {
            elements[(place % _columns * _rows) + (place / _columns)] = _elements[place];
        }

        return new PlainOperator(elements, _columns, _rows);
    }

    /// <summary>This after another.</summary>
    public PlainOperator After(PlainOperator first)
    {
        double[] elements = new double[_rows * first._columns];
        for (int row = 0; row < _rows; row++)
        {
            for (int middle = 0; middle < _columns; middle++)
            {
                double factor = _elements[(row * _columns) + middle];
                for (int column = 0; column < first._columns; column++)
                {
                    elements[(row * first._columns) + column] += factor * first._elements[(middle * first._columns) + column];
                }
            }
        }

        return new PlainOperator(elements, _rows, first._columns);
    }

    /// <summary>A share of this, and the identity times a number.</summary>
    public PlainOperator Averaged(double share, double identity) => new(
        [.. _elements.Select((one, place) => (one * share) + (place / _columns == place % _columns ? identity : 0))], _rows, _columns);

    /// <summary>Whether <see cref="Norm()"/> is the norm to rounding, and not a number below it.</summary>
    public bool IsExact => Math.Min(_rows, _columns) <= DecomposedSide;

    /// <summary>The product with one vector.</summary>
    public double[] Apply(double[] vector)
    {
        double[] product = new double[_rows];
        for (int row = 0; row < _rows; row++)
        {
            double sum = 0;
            for (int column = 0; column < _columns; column++)
            {
                sum += _elements[(row * _columns) + column] * vector[column];
            }

            product[row] = sum;
        }

        return product;
    }

    /// <summary>The norm in L2, or in a maximum norm: then the largest sum of a row's magnitudes, by the weights that the norm gives units.</summary>
    public double Norm(ResidualNorm norm)
    {
        if (norm == ResidualNorm.L2)
        {
            return Norm();
        }

        using DisposeScope scope = NewDisposeScope();
        double[] weights = [.. norm.Measure(eye(_rows, dtype: ScalarType.Float64)).data<double>()];
        double largest = 0;
        for (int row = 0; row < _rows; row++)
        {
            double sum = 0;
            for (int column = 0; column < _columns; column++)
            {
                sum += Math.Abs(_elements[(row * _columns) + column]) * (weights[row] / weights[column]);
            }

            largest = double.IsFinite(sum) ? Math.Max(largest, sum) : double.NaN;
        }

        return largest;
    }

    /// <summary>The square root of the sum of squares of all elements.</summary>
    public double Length => Math.Sqrt(_elements.Sum(element => element * element));

    /// <summary>
    /// The norm: by decomposition where the matrix is small, from below by power iteration where it is not. In units of the
    /// largest element, so that no square over- or underflows.
    /// </summary>
    /// <returns>NaN where an element is not finite.</returns>
    public double Norm()
    {
        double largest = _elements.Aggregate(0.0, (most, one) => Math.Max(most, Math.Abs(one)));
        if (!double.IsFinite(largest) || largest == 0)
        {
            return double.IsFinite(largest) ? 0 : double.NaN;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor matrix = tensor(_elements.Select(one => one / largest).ToArray(), [_rows, _columns]);
        if (IsExact)
        {
            return linalg.svdvals(matrix).max().ToDouble() * largest;
        }

        Tensor transposed = matrix.t().contiguous();
        Tensor vector = ones(_columns, ScalarType.Float64) + (arange(_columns, ScalarType.Float64).sin() * 0.5);
        double norm = 0;
        for (int step = 0; step < PowerSteps; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            Tensor unit = vector / linalg.vector_norm(vector);
            Tensor product = matrix.mv(unit);
            norm = Math.Max(norm, linalg.vector_norm(product).ToDouble());
            vector = transposed.mv(product).MoveToOuterDisposeScope();
        }

        return norm * largest;
    }
}
