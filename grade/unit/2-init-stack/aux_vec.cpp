// Lab 2: the aux vector by itself.
#include "support.h"

MACHINE_TEST(aux_vec, sets_replaces_serialises) {
    AuxVec aux;
    ASSERT_FAILS(aux.set(AuxKey::AT_NULL, 1), EINVAL);
    AuxEntry out[AuxVec::CAPACITY + 1];
    std::fill(std::begin(out), std::end(out), AuxEntry{77, 77});
    aux.serialise(out);
    cr_assert(out[0].key == 0 && out[0].value == 0);
    cr_assert_eq(out[1].key, 77u);
    ASSERT_OK(aux.set(AuxKey::AT_ENTRY, 5));
    ASSERT_OK(aux.set(AuxKey::AT_BASE, 6));
    ASSERT_OK(aux.set(AuxKey::AT_ENTRY, 7));
    cr_assert_eq(aux.entry_count(), 3u);
    aux.serialise(out);
    cr_assert(out[0].key == 9 && out[0].value == 7);
    cr_assert(out[1].key == 7 && out[1].value == 6);
    cr_assert(out[2].key == 0 && out[2].value == 0);
    cr_assert_eq(out[3].key, 77u);
}
