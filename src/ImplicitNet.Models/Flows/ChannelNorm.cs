using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>Group norms of images.</summary>
internal static class ChannelNorm
{
    private const long MostGroups = 32;

    /// <summary>Groups of channels: 32, as published, or as many below that as divide them.</summary>
    public static long Groups(long channels)
    {
        long groups = Math.Min(MostGroups, channels);
        while (channels % groups != 0)
        {
            groups--;
        }

        return groups;
    }

    /// <summary>One that begins with weights of 1 and biases of 0: those of torch's own module hold whatever was in the memory.</summary>
    public static GroupNorm Create(long groups, long channels)
    {
        GroupNorm norm = nn.GroupNorm(groups, channels);
        nn.init.ones_(norm.weight!);
        nn.init.zeros_(norm.bias!);
        return norm;
    }
}
