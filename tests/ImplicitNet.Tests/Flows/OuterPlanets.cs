using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

/// <summary>Problem C5: Jupiter, Saturn, Uranus, Neptune and Pluto around the sun; five places, then five velocities.</summary>
internal static class OuterPlanets
{
    public static readonly double[] Start =
    [
        3.42947415189, 3.35386959711, 1.35494901715, 6.64145542550, 5.97156957878, 2.18231499728, 11.2630437207, 14.6952576794,
        6.27960525067, -30.1552268759, 1.65699966404, 1.43785752721, -21.1238353380, 28.4465098142, 15.3882659679,
        -0.557160570446, 0.505696783289, 0.230578543901, -0.415570776342, 0.365682722812, 0.169143213293, -0.325325669158,
        0.189706021964, 0.0877265322780, -0.0240476254170, -0.287659532608, -0.117219543175, -0.176860753121, -0.216393453025,
        -0.0148647893090,
    ];

    public static readonly double[] At20 =
    [
        -4.79273022432, -2.42055072545, -0.921250930602, -4.21731040404, 7.35620294750, 3.22378598542, 4.03555944326, 17.1986552867,
        7.47891079423, -29.9875932632, -4.10731093755, -0.927700832175, -24.4212530252, 23.8145904575, 14.9209630695,
        0.349920896307, -0.574848768791, -0.255169402088, -0.523704097890, -0.249300046358, -0.0804534164205, -0.387528923733,
        0.0564860328877, 0.0302360647214, 0.0413385654671, -0.286239302984, -0.118303240514, -0.151198645736, -0.246006889432,
        -0.0318968741132,
    ];

    private const double Gravity = 2.95912208286;
    private const double Sun = 1.00000597682;

    private static readonly double[] Masses =
        [0.000954786104043, 0.000285583733151, 0.0000437273164546, 0.0000517759138449, 0.00000277777777778];

    public static Tensor[] Field(Tensor time, Tensor u)
    {
        Tensor places = u[.., ..15].reshape(-1, 5, 3), masses = tensor(Masses);
        Tensor pulls = places / places.square().sum([2], keepdim: true).pow(1.5);

        // From planet j (row) to planet k (column); a planet does not pull itself.
        Tensor apart = places.unsqueeze(1) - places.unsqueeze(2);
        Tensor cubes = (apart.square().sum([3], keepdim: true) + eye(5, dtype: ScalarType.Float64).reshape(1, 5, 5, 1)).pow(1.5);
        Tensor others = (((apart / cubes) - pulls.unsqueeze(1)) * masses.reshape(1, 1, 5, 1)).sum([2]) + (pulls * masses.reshape(1, 5, 1));
        Tensor forces = (pulls * -(masses + Sun).reshape(1, 5, 1)) + others;
        Tensor all = cat([u[.., 15..], (forces * Gravity).reshape(-1, 15)], 1);
        return [.. Enumerable.Range(0, 30).Select(i => all[.., i])];
    }
}
