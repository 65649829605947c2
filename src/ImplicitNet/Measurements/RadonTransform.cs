using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Measurements;

/// <summary>
/// Sums along parallel rays through a square image, as of an X-ray scan: sinograms [batch, channels, angles, detectors]. Pixels are of
/// side 1, and the image is interpolated linearly between their centres (Joseph, "An improved algorithm for reprojecting rays through
/// pixel images", 1982).
/// </summary>
/// <remarks>
/// Ray j at angle k is <c>x cos a + y sin a = s</c>, with <c>a = pi k / angles</c>, <c>s = j - (detectors - 1) / 2</c>, x to the right and
/// y upwards from the middle of the image. A sparse matrix of about <c>2 angles side^2</c> numbers, made with the operator; each product
/// takes as many multiplications for each channel of each sample.
/// </remarks>
public sealed class RadonTransform : MeasurementOperator
{
    // Numbers in the matrix: 1.5 GB with their places.
    private const double MostNumbers = 1 << 26;

    // Each step of the power iteration lowers the bound; it is within 1e-6 of the norm long before.
    private const int PowerSteps = 100;

    private const int MostResolved = 64;

    // Of the transform that used one last: a network, its data and what it stands beside have a transform each, all the same.
    private static readonly Lock Gate = new();
    private static ((int Side, int Angles, int Detectors) Of, SpectralResolvent Resolvent)? _last;

    private readonly int _side;
    private readonly SparseMatrix _matrix;
    private readonly Lazy<double> _norm;

    /// <summary>Creates the transform.</summary>
    /// <param name="side">Of the images, in pixels: at least 1.</param>
    /// <param name="angles">Angles over half a turn: at least 1.</param>
    /// <param name="detectors">Rays at each angle, 1 apart: at least 1; default: as many as meet the image at any angle.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1, or the matrix would have more than 2^26 numbers.</exception>
    public RadonTransform(int side, int angles, int? detectors = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(side, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(angles, 1);
        if (2.0 * angles * side * side > MostNumbers)
        {
            throw new ArgumentOutOfRangeException(
                nameof(side), side, FormattableString.Invariant($"{angles} angles of such images take 2 x {angles} x {side}^2 numbers; ")
                    + FormattableString.Invariant($"{MostNumbers:n0} at most."));
        }

        // The diagonal, and as many as leave the middle of the image on a ray or between two, as it is on a pixel or between two.
        int diagonal = (int)Math.Ceiling(Math.Sqrt(2) * side);
        Detectors = detectors ?? (diagonal + ((diagonal - side) % 2));
        ArgumentOutOfRangeException.ThrowIfLessThan(Detectors, 1, nameof(detectors));
        (_side, Angles) = (side, angles);
        _matrix = Joseph(side, angles, Detectors);
        _norm = new Lazy<double>(() => _matrix.NormBound(PowerSteps));
    }

    /// <summary>Angles over half a turn.</summary>
    public int Angles { get; }

    /// <summary>Rays at each angle.</summary>
    public int Detectors { get; }

    /// <summary>
    /// Whether the images have at most 64 x 64 pixels: the first product with it then takes seconds and up to 128 MB, for a spectrum of
    /// <c>A A^T</c>.
    /// </summary>
    public override bool HasProximal => _side <= MostResolved;

    /// <summary>The size that the transform was made for: it measures no other images.</summary>
    public override (int Height, int Width)? ImageSize => (_side, _side);

    /// <summary>(angles, detectors).</summary>
    /// <param name="imageSize">(side, side).</param>
    public override (int Height, int Width) MeasurementSizeOf((int Height, int Width) imageSize) => (Angles, Detectors);

    /// <summary>(side, side).</summary>
    /// <param name="measurementSize">(angles, detectors).</param>
    public override (int Height, int Width) ImageSizeOf((int Height, int Width) measurementSize) => (_side, _side);

    /// <inheritdoc/>
    public override double NormBound((int Height, int Width)? imageSize = null) => _norm.Value;

    /// <inheritdoc/>
    public override string ToString() => $"The transform of {Angles} angles and {Detectors} rays";

    /// <inheritdoc/>
    protected internal override IReadOnlyList<Tensor> Prepare((int Height, int Width) imageSize, ScalarType dtype, Device device) =>
        [
            _matrix.ToTensor(dtype, device), _matrix.Transposed().ToTensor(dtype, device),
            .. HasProximal ? Resolvent().Prepare(dtype, device) : [],
        ];

    /// <inheritdoc/>
    protected internal override Tensor ComputeMeasurement(Tensor image, IReadOnlyList<Tensor> prepared) =>
        Product(prepared[0], image, Angles, Detectors);

    /// <inheritdoc/>
    protected internal override Tensor ComputeAdjoint(Tensor measurement, IReadOnlyList<Tensor> prepared) =>
        Product(prepared[1], measurement, _side, _side);

    /// <inheritdoc/>
    protected internal override Tensor ComputeResolvent(Tensor point, Tensor step, IReadOnlyList<Tensor> prepared)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor columns = point.reshape(-1, (long)_side * _side);
        return SpectralResolvent.Apply(columns, step, [prepared[2], prepared[3]]).reshape(point.shape).MoveToOuterDisposeScope();
    }

    private SpectralResolvent Resolvent()
    {
        (int, int, int) own = (_side, Angles, Detectors);
        lock (Gate)
        {
            if (_last is not { } last || last.Of != own)
            {
                last = (own, new SpectralResolvent(_matrix));
                _last = last;
            }

            return last.Resolvent;
        }
    }

    private static Tensor Product(Tensor matrix, Tensor input, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        (long batch, long channels) = (input.shape[0], input.shape[1]);

        // Row after row of the product is added up over a batch, whose numbers lie beside each other then.
        Tensor columns = input.reshape(batch * channels, input.shape[2] * input.shape[3]).t().contiguous();
        return matrix.mm(columns).t().reshape(batch, channels, height, width).MoveToOuterDisposeScope();
    }

    private static SparseMatrix Joseph(int side, int angles, int detectors)
    {
        List<long> rays = [], pixels = [];
        List<double> lengths = [];
        double middle = (side - 1) / 2.0;
        for (int angle = 0; angle < angles; angle++)
        {
            (double sine, double cosine) = Math.SinCos(Math.PI * angle / angles);

            // A ray meets each row once, or, where it is nearer to the horizontal, each column.
            bool isSteep = Math.Abs(cosine) >= Math.Abs(sine);
            double length = 1 / (isSteep ? Math.Abs(cosine) : Math.Abs(sine));
            for (int detector = 0; detector < detectors; detector++)
            {
                double offset = detector - ((detectors - 1) / 2.0);
                for (int line = 0; line < side; line++)
                {
                    double at = isSteep
                        ? middle + ((offset - ((middle - line) * sine)) / cosine)
                        : middle - ((offset - ((line - middle) * cosine)) / sine);
                    double first = Math.Floor(at);
                    Add(first, 1 - (at - first));
                    Add(first + 1, at - first);

                    void Add(double place, double share)
                    {
                        if (share > 0 && place >= 0 && place < side)
                        {
                            rays.Add(((long)angle * detectors) + detector);
                            pixels.Add(isSteep ? ((long)line * side) + (long)place : ((long)place * side) + line);
                            lengths.Add(share * length);
                        }
                    }
                }
            }
        }

        return new SparseMatrix((long)angles * detectors, (long)side * side, [.. rays], [.. pixels], [.. lengths]);
    }
}
