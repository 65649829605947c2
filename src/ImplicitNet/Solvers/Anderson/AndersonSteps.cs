using ImplicitNet.Kernels;
using ImplicitNet.Solvers.Loop;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>Anderson acceleration of one sample after the other, in plain memory.</summary>
/// <param name="options">Of the solver.</param>
/// <param name="size">Numbers of a latent.</param>
internal sealed class AndersonSteps(AndersonSolver options, int size) : SampleSteps
{
    private readonly float[] _last = new float[2 * size];
    private readonly float[] _slots = new float[2 * options.Memory * size];
    private readonly float[] _memory = new float[3 * size];
    private SecantChoice _choice = null!;
    private int _steps;
    private int _exponent;

    /// <inheritdoc/>
    public override void Begin()
    {
        _choice = new SecantChoice(options, size, Precision.Of(ScalarType.Float32).SumDependence);
        _steps = 0;
    }

    /// <inheritdoc/>
    public override bool Advance(ReadOnlySpan<float> latent, ReadOnlySpan<float> mapped, Span<float> next)
    {
        int filled = Math.Min(_steps, options.Memory);
        SecantRows<float> rows = new(options)
        {
            Latent = latent,
            Mapped = mapped,
            Next = next,
            LastLatent = _last.AsSpan(0, size),
            LastResidual = _last.AsSpan(size, size),
            LatentSlots = _slots.AsSpan(0, filled * size),
            ResidualSlots = _slots.AsSpan(options.Memory * size, filled * size),
        };
        if (_steps++ > 0)
        {
            return rows.Continue((_steps - 2) % options.Memory, _exponent, _choice, _memory);
        }

        _choice.Begin(rows.Begin(out _exponent));
        return true;
    }
}
