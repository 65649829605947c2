using ImplicitNet.Certification;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Robustness;

/// <summary>Attacks on samples at their certified radii, over networks at random: none may succeed.</summary>
internal static class RobustnessReferee
{
    /// <summary>What it is called.</summary>
    public const string Name = "robustness";

    // A few seconds on one core.
    private const int AttacksOfCi = 40;

    // Steps of an attack cost little more for many samples than for one.
    private const int MostSamples = 40;
    private const int Restarts = 4;

    /// <summary>Runs it. 0: no radius was beaten.</summary>
    public static int Run(bool isPlanted)
    {
        (int attacks, int networks, int beaten, int failed, int uncertified) = (0, 0, 0, 0, 0);
        (int beyond, int beatenBeyond) = (0, 0);
        int count = RefereeCase.Count(AttacksOfCi), samples = Math.Min(MostSamples, Math.Max(1, count / 4));
        foreach (RefereeCase drawn in RefereeCase.All())
        {
            using DisposeScope scope = NewDisposeScope();
            random.manual_seed(drawn.Random.Next());
            DrawnNetwork network = isPlanted ? NetworkFamily.Lying(drawn.Random) : NetworkFamily.Draw(drawn.Random);
            using nn.Module owned = network.Network;
            networks++;
            double scale = drawn.Random.Between(0.5, 4);
            (Tensor data, _) = NetworkFamily.Samples(network, randn([3, .. network.Shape], network.Dtype), samples);
            RobustnessCertificate certificate = RobustnessCertificate.Of(network.Network, data, scale);
            if (certificate.Bound.Value is null)
            {
                Console.WriteLine($"CsCheck_Seed={drawn.Seed} CsCheck_Iter=1: {network.Name}: {certificate}");
                beaten++;
                continue;
            }

            int[] chosen = [.. Enumerable.Range(0, samples).Where(sample => certificate.Samples[sample].Radius is > 0 and < 1e6)];
            uncertified += samples - chosen.Length;
            if (chosen.Length > 0)
            {
                Tensor certified = data[tensor(chosen.Select(sample => (long)sample).ToArray())];
                int[] classes = [.. chosen.Select(sample => certificate.Samples[sample].Class)];
                double[] radii = [.. chosen.Select(sample => certificate.Samples[sample].Radius * scale)];
                bool?[] found = GradientAttack.Run(network.Network, certified, classes, radii, Restarts);
                attacks += found.Length;
                failed += found.Count(one => one is null);
                foreach ((bool? one, int place) in found.Select((one, place) => (one, place)))
                {
                    if (one == true)
                    {
                        beaten++;
                        Console.WriteLine($"CsCheck_Seed={drawn.Seed} CsCheck_Iter=1: {network.Name}, sample {chosen[place]}: radius "
                            + FormattableString.Invariant($"{radii[place]:r} beaten, {certificate.Bound}"));
                    }
                }

                if (networks % 8 == 0)
                {
                    // How tight radii are: the same attack at several times as far.
                    bool?[] farther = GradientAttack.Run(network.Network, certified, classes, [.. radii.Select(radius => 4 * radius)], Restarts);
                    (beyond, beatenBeyond) = (beyond + farther.Length, beatenBeyond + farther.Count(one => one == true));
                }
            }

            if (attacks >= count || (isPlanted && beaten > 0) || networks > 2 * count)
            {
                break;
            }
        }

        Console.WriteLine($"{networks} networks, {uncertified} samples without a radius, {failed} attacks whose solves failed");
        Console.WriteLine($"{beatenBeyond} of {beyond} attacks at four times the radius found another class");
        Console.WriteLine($"{attacks} attacks, {beaten} radii beaten");
        return beaten == 0 && attacks > 0 ? 0 : 1;
    }
}
