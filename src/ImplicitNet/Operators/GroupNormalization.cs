using ImplicitNet.Kernels;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Group normalisation (Wu and He, ECCV 2018) of images: no sample looks at another, in training or evaluation. Its bias is 0 to begin
/// with.
/// </summary>
internal sealed class GroupNormalization : nn.Module<Tensor, Tensor>
{
    private const double Epsilon = 1e-5;

    // Those of the published multiscale networks.
    private const int MostGroups = 8;

    [ComponentName(Name = "weight")]
    private readonly Parameter? _learned;
    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;
    private readonly double _fixed;
    private readonly int _groups;

    /// <summary>Creates it with <see cref="GroupsOf"/> groups.</summary>
    /// <param name="channels">At least 1.</param>
    /// <param name="dtype">Of the weight.</param>
    /// <param name="most">The most groups.</param>
    /// <param name="weight">The weight of every channel, which is not learned then; default: learned, and 1 to begin with.</param>
    public GroupNormalization(long channels, ScalarType dtype = ScalarType.Float32, int most = MostGroups, double? weight = null)
        : base(nameof(GroupNormalization))
    {
        using Tensor one = ones(channels, dtype), zero = zeros(channels, dtype);
        _bias = new Parameter(zero);
        _bias.DetachFromDisposeScope();
        _fixed = weight ?? 1;
        _learned = weight is null ? new Parameter(one) : null;
        _learned?.DetachFromDisposeScope();
        _groups = GroupsOf(channels, most);
        RegisterComponents();
    }

    /// <summary>The largest divisor of the channels that leaves each group two of them at least: one channel is its own mean where images
    /// are a single pixel.</summary>
    /// <param name="channels">At least 1.</param>
    /// <param name="most">The most groups.</param>
    public static int GroupsOf(long channels, int most) =>
        Enumerable.Range(1, most).Last(groups => groups == 1 || (channels % groups == 0 && channels / groups >= 2));

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) =>
        nn.functional.group_norm(input, _groups, Weight(), _bias, Epsilon);

    /// <summary><c>act(norm(x + shift) + residual)</c>; x is the caller's own and no longer what it was: it is overwritten.</summary>
    /// <param name="x">[batch, channels, height, width].</param>
    /// <param name="shift">Like x, or null for none.</param>
    /// <param name="residual">Like x, or null for none.</param>
    /// <param name="isRectified">Whether act is ReLU, or nothing.</param>
    /// <returns>Like x, and x itself where that can be. The caller owns it.</returns>
    public Tensor Apply(Tensor x, Tensor? shift = null, Tensor? residual = null, bool isRectified = false)
    {
        if (NormalizedGroups.TryInPlace(x, new(_groups, Weight(), _bias, Epsilon), shift, residual, isRectified))
        {
            return x;
        }

        Tensor normal = forward(shift is null ? x : x.add_(shift));
        normal = residual is null ? normal : normal.add_(residual);
        return isRectified ? normal.relu_() : normal;
    }

    private Tensor Weight() => _learned ?? full_like(_bias, _fixed);
}
